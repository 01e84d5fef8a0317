//! The table's functions, for the machine.

mod answer;
mod children;
mod descriptors;
mod entries;
mod files;
mod foreign;
mod lock;
mod loose;
mod net;
mod pipes;
mod poll;
mod process;
mod randomness;
mod start;
mod startup;
mod stdio;
mod table;
mod thread;
mod time;
mod waiters;
