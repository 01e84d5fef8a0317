//! Time: budgets, priorities, and servers that run on their clients' time.
//!
//! A thread has a priority: it runs before threads of lower priority, and shares the CPU with
//! those of its own. Priority bounds which thread runs first, not how much time it takes. Two
//! things do.
//!
//! # A budget
//!
//! A server with `time` runs on a *scheduling context*: a budget in each period, at its
//! priority, and not more. Among servers of one priority it comes before those without a budget,
//! so it gets its time whatever they do. What it does not use in a period is lost; what it used
//! too much (at most the way into the kernel) comes off the next.
//!
//! ```
//! let text = r#"
//! [server.names]
//! priority = 50
//! pages = 256
//! service = true
//!
//! [server.disk]
//! priority = 40
//! pages = 256
//! service = true
//! clients = ["player"]
//! passive = true           # runs on its callers' time
//!
//! [server.player]
//! priority = 20
//! pages = 256
//! time = { budget_us = 3000, period_us = 10000 }   # 30% of a CPU
//! "#;
//! let files = ["names", "disk", "player"];
//! let system = manifest::check(text, "init/system.toml", &files, 1024).unwrap();
//! let time = manifest::Time::Budget { budget_us: 3000, period_us: 10_000 };
//! assert_eq!(system.server("player").unwrap().time, time);
//!
//! // Budgets are checked: at most 90% of one CPU, for all servers together.
//! let wrong = text.replace("budget_us = 3000", "budget_us = 9500");
//! let problems = manifest::check(&wrong, "init/system.toml", &files, 1024).unwrap_err();
//! assert!(problems[0].to_string().contains("`player` 95.0%"), "{}", problems[0]);
//! ```
//!
//! A program that holds the resource, as init does, makes contexts itself:
//! [`sys::SchedContext`] has an example. There the thread can also be told, as a fault, that
//! its budget is spent.
//!
//! # A passive server
//!
//! A server takes time for its clients. With `passive` the client donates it: from the receipt of
//! a call to the reply the server runs on the client's budget, or in its time slice, at its
//! priority; so do passive servers that it calls in turn. So there is no priority inversion: a
//! thread of middle priority does not run before the server that an urgent client waits for.
//!
//! The server's own `priority` is a priority ceiling. Give it that of its most urgent client:
//! while it serves one client, another one waits for it without raising its priority. And keep in
//! mind that a client whose budget is spent stops the server with it until the client's next
//! period begins: `priority` bounds which threads run before the server, the periods of its
//! clients bound the time that they can block it.
//!
//! A thread makes itself passive with [`sys::set_own_passive`]; a server whose manifest says
//! so begins like that and has to do nothing.
