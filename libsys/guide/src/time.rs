//! Time: budgets, urgency, and servers that work on their clients' time.
//!
//! A thread has a priority, and runs before all that are less urgent, in turn with those that
//! are as urgent. That says who comes first, and not how much it takes. Two things do.
//!
//! # A budget
//!
//! A server with `time` runs on a *scheduling context*: so much time in each period, at its
//! priority, and not more. Among equally urgent ones it comes before those without a budget, so
//! it gets its time whatever they do. What it does not use in a period is lost; what it used
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
//! passive = true           # works on the time of whoever calls it
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
//! // Nobody is promised what is not there: 90% of one CPU, for all servers together.
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
//! A server takes time for its clients. With `passive` that time is the client's: from the
//! receipt of a call to the answer the server runs on the client's budget, or in its turn, and
//! as urgently as it; so do passive servers that it calls in turn. Who is urgent is not kept
//! waiting by somebody of middle urgency that runs before the server it needs.
//!
//! The server's own `priority` is then the least urgency with which it serves. Give it that of
//! its most urgent client: while it serves one client, another one waits for it, and does not
//! hurry it. And keep in mind that a client whose budget is spent stops the server with it
//! until the client's next period begins: `priority` bounds who comes before the server, the
//! periods of its clients bound how long they can hold it up.
//!
//! A thread makes itself passive with [`sys::set_own_passive`]; a server whose manifest says
//! so begins like that and has to do nothing.
