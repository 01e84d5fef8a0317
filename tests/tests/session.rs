//! The session in the README is what a reader gets.

use anyhow::ensure;
use system_tests::{COMMAND, at_prompt, matches, readme_session};

#[test]
fn the_readme_tells_the_truth() {
    let examples = readme_session().expect("the README's session");
    at_prompt("readme", |session| {
        for example in &examples {
            let printed = session.run(&example.command, COMMAND)?;
            let lines: Vec<&str> = printed.lines().collect();
            let wanted = example.lines.join("\n");
            ensure!(
                matches(&example.lines, &lines),
                "README: `{}` is to print\n{wanted}\nand printed\n{printed}",
                example.command
            );
        }
        Ok(())
    });
}
