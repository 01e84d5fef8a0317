//! `crates CRATE …`: uses a crate of the registry, and prints what came of it.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["rayon"] => rayon(),
        ["redb", file] => redb(file)?,
        ["regex", pattern, text] => println!("{}", regex::Regex::new(pattern)?.is_match(text)),
        ["rhai", script] => println!("{}", rhai::Engine::new().eval::<rhai::Dynamic>(script)?),
        ["json", text] => println!("{:#}", serde_json::from_str::<serde_json::Value>(text)?),
        ["tempfile"] => tempfile()?,
        ["serve"] => serve()?,
        ["fetch", url] => {
            println!("{}", ureq::get(*url).call()?.body_mut().read_to_string()?.trim())
        }
        ["walk", folder] => walk(folder)?,
        ["wasm"] => wasm()?,
        _ => return Err("no such crate here".into()),
    }
    Ok(())
}

fn rayon() {
    use rayon::prelude::*;
    let sum: u64 = (0..1_000_000_u64).into_par_iter().map(|number| number * number % 7).sum();
    println!("{sum} with {} threads", rayon::current_num_threads());
}

/// Counts how often it was run.
fn redb(file: &str) -> Result<(), Box<dyn Error>> {
    const RUNS: redb::TableDefinition<&str, u64> = redb::TableDefinition::new("runs");
    let database = redb::Database::create(file)?;
    use redb::ReadableTable;
    let change = database.begin_write()?;
    {
        let mut table = change.open_table(RUNS)?;
        let runs = table.get("runs")?.map_or(0, |runs| runs.value());
        table.insert("runs", runs + 1)?;
    }
    change.commit()?;
    let runs = database.begin_read()?.open_table(RUNS)?.get("runs")?.map_or(0, |runs| runs.value());
    println!("run {runs}");
    Ok(())
}

fn tempfile() -> Result<(), Box<dyn Error>> {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(b"for a while")?;
    println!("{}", std::fs::read_to_string(file.path())?);
    Ok(())
}

/// Answers two requests.
fn serve() -> Result<(), Box<dyn Error>> {
    let server = tiny_http::Server::http("0.0.0.0:8080").map_err(|error| error.to_string())?;
    println!("serving");
    for request in server.incoming_requests().take(2) {
        let answer = format!("{} {}\n", request.method(), request.url());
        request.respond(tiny_http::Response::from_string(answer))?;
    }
    println!("served");
    Ok(())
}

fn walk(folder: &str) -> Result<(), Box<dyn Error>> {
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        println!("{}", entry?.path().display());
    }
    Ok(())
}

fn wasm() -> Result<(), Box<dyn Error>> {
    let text = "(module (func (export \"add\") (param i32 i32) (result i32) \
                local.get 0 local.get 1 i32.add))";
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, text)?;
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let add = instance.get_typed_func::<(i32, i32), i32>(&store, "add")?;
    println!("{}", add.call(&mut store, (40, 2))?);
    Ok(())
}
