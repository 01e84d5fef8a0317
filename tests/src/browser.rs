//! A headless Chromium, driven by its DevTools protocol over a pipe: messages of JSON, each with a NUL
//! at its end. Source: Chromium, `content/public/browser/devtools_agent_host.h`, `--remote-debugging-pipe`.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Debian's program.
const PROGRAM: &str = "/usr/bin/chromium";
/// The pipe's ends are descriptors 3 and 4.
const START: &str = "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null";
const OPTIONS: [&str; 7] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--window-size=1360,1900",
    "--remote-debugging-pipe",
];

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Value,
    number: u64,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it. `None` where it is not installed.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> Result<Option<Self>> {
        if !Path::new(PROGRAM).exists() {
            return Ok(None);
        }
        let profile = tempfile::tempdir()?;
        let mut child = Command::new("sh")
            .args(["-c", START, PROGRAM])
            .args(OPTIONS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start Chromium")?;
        let to = child.stdin.take().context("no pipe to Chromium")?;
        let from = BufReader::new(child.stdout.take().context("no pipe from Chromium")?);
        let mut browser =
            Self { child, to, from, session: Value::Null, number: 0, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.ask("Target.attachToTarget", attach)?["sessionId"].take();
        Ok(Some(browser))
    }

    /// Sends a command; its result.
    fn ask(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_null() {
            command["sessionId"] = self.session.clone();
        }
        self.to.write_all(format!("{command}\0").as_bytes())?;
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes)?;
            bytes.pop();
            let mut answer: Value = serde_json::from_slice(&bytes).context("Chromium has ended")?;
            // What is no answer is an event.
            if answer["id"] == self.number {
                if let Some(error) = answer.get("error") {
                    bail!("{method}: {error}");
                }
                return Ok(answer["result"].take());
            }
        }
    }

    /// Opens a page.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn open(&mut self, address: &str) -> Result<()> {
        let result = self.ask("Page.navigate", json!({ "url": address }))?;
        match result.get("errorText") {
            Some(error) => bail!("{address}: {error}"),
            None => Ok(()),
        }
    }

    /// The value of an expression in the page, as text.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn value(&mut self, expression: &str) -> Result<String> {
        let parameters = json!({ "expression": format!("String({expression})") });
        let result = self.ask("Runtime.evaluate", parameters)?;
        Ok(result["result"]["value"].as_str().unwrap_or_default().to_owned())
    }

    /// Chooses between light and dark.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn prefer(&mut self, scheme: &str) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features })).map(drop)
    }

    /// Writes a picture of the page, as PNG.
    ///
    /// # Errors
    /// When there is none, or the file cannot be written.
    pub fn picture(&mut self, file: &Path) -> Result<()> {
        let result = self.ask("Page.captureScreenshot", json!({ "format": "png" }))?;
        let text = result["data"].as_str().context("no picture")?;
        Ok(std::fs::write(file, decoded(text).context("the picture is no base64")?)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends with its pipe, and at once by this; it may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes from base64. Source: RFC 4648, section 4.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|it| *it == digit)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn base64_is_read() {
        assert_eq!(decoded("UG9zdGVybg==").as_deref(), Some(&b"Postern"[..]));
        assert_eq!(decoded("+/8=").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(decoded("a b"), None);
    }
}
