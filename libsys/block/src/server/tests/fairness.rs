//! What a busy client leaves to the others.

use super::{Raw, alone, attach, server, step, whole};
use crate::Operation;

/// Keeps the ring of a client full.
fn fill(client: &mut Raw, sectors: u32) {
    while client.channel.free().unwrap() > 0 {
        client.ask(0, sectors);
    }
}

/// Completions of two clients that keep their rings full, one with large requests.
fn completed(sectors: [u32; 2], rounds: usize) -> [u32; 2] {
    alone(move || {
        let mut server = server(8);
        let mut clients = [0, 1].map(|owner| attach(&mut server, owner, whole(), 16).unwrap());
        let mut moved = [0; 2];
        for _ in 0..rounds {
            for (client, sectors) in clients.iter_mut().zip(sectors) {
                fill(client, sectors);
            }
            step(&mut server, 1);
            for (place, client) in clients.iter_mut().enumerate() {
                client.results().iter().for_each(|_| moved[place] += sectors[place]);
            }
        }
        moved
    })
}

#[test]
fn equal_clients_get_equal_parts() {
    let [a, b] = completed([8, 8], 400);
    assert!(a.abs_diff(b) <= 8 * 8, "{a} and {b} sectors");
}

/// The device's queue is divided by requests: large ones do not keep small ones waiting for
/// longer than a queue of them takes.
#[test]
fn large_requests_do_not_starve_small_ones() {
    let [large, small] = completed([32, 1], 400);
    assert!(small >= 150, "{large} and {small} sectors");
}

/// A client with one request at a time waits for half of a queue at most, not for all that the
/// other client has asked for.
#[test]
fn a_client_with_few_requests_has_its_place_in_the_queue() {
    alone(|| {
        let mut server = server(8);
        let mut busy = attach(&mut server, 1, whole(), 64).unwrap();
        let mut quiet = attach(&mut server, 2, whole(), 1).unwrap();
        let mut longest = 0;
        for _ in 0..20 {
            for _ in 0..8 {
                fill(&mut busy, 8);
                step(&mut server, 1);
                busy.results();
            }
            quiet.ask(0, 8);
            let mut steps = 0;
            while quiet.results().is_empty() {
                fill(&mut busy, 8);
                step(&mut server, 1);
                busy.results();
                steps += 1;
            }
            longest = longest.max(steps);
        }
        assert!(longest <= 10, "{longest} completions of the other client first");
    });
}

/// A client that sends nothing but nonsense costs others nothing of the device.
#[test]
fn wrong_requests_do_not_slow_others() {
    alone(|| {
        let mut server = server(8);
        let mut wild = attach(&mut server, 1, whole(), 64).unwrap();
        let mut honest = attach(&mut server, 2, whole(), 8).unwrap();
        let (mut good, mut wrong) = (0, 0);
        for _ in 0..200 {
            while wild.channel.free().unwrap() > 0 {
                let mut request = wild.read(u64::MAX, 1);
                request.operation = Operation::Write as u32;
                wild.send(request.sealed());
            }
            fill(&mut honest, 8);
            step(&mut server, 1);
            good += honest.results().len();
            wrong += wild.results().len();
        }
        assert!(good >= 190 && wrong > 200, "{good} good ones beside {wrong} wrong ones");
    });
}
