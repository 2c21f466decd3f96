//! The service: the way there, who it is, and who we are to it.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use super::{
    MARK, OF_SERVICE, answering, bcda, command, credentials, line, mode, says, serve, work,
};
use crate::common::Ran;

#[test]
fn a_server_that_is_not_reached() {
    let work = work();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let not_tls = answering("400 Bad Request\r\n", "");
    let not_tls = not_tls.replace("http://", "https://");
    for (url, check, words) in [
        (format!("http://{closed}"), "connection", "refuses connections; check the port"),
        ("https://bcda.invalid".to_owned(), "dns", "bcda.invalid does not resolve"),
        (format!("http://{}", silent.local_addr().unwrap()), "connection", "in time; a firewall"),
        (not_tls, "connection", "speaks no TLS"),
    ] {
        let words_of = format!("doctor --base-url {url} --credentials credentials --timeout 1");
        let ran = bcda(&work, &words_of).exits(1);
        says(&ran, check, "fail", words);
        says(&ran, "certificate", "note", "skipped: ");
        says(&ran, "version", "note", "skipped: the server is not reached");
        says(&ran, "token", "note", "skipped: ");
        assert_eq!(ran.text().lines().count(), OF_SERVICE.len() + 1, "{}", ran.text());
    }
}

#[test]
fn proxies_are_named_without_their_users() {
    let work = work();
    let mut command = command(&work, "doctor --base-url https://bcda.invalid --auth none");
    command.env("HTTPS_PROXY", format!("http://{MARK}:{MARK}@127.0.0.1:1/"));
    command.env("NO_PROXY", format!("{MARK}.example"));
    let ran = Ran::from(command.output().unwrap()).exits(1);
    says(
        &ran,
        "proxy",
        "ok",
        "HTTPS_PROXY is http://127.0.0.1:1, NO_PROXY is set; bcda.invalid is",
    );
    says(&ran, "connection", "fail", "the proxy is not reached");
    assert!(!ran.text().contains(MARK), "{}", ran.text());
}

#[test]
fn settings_that_cannot_be_meant() {
    let work = work();
    for (words, found) in [
        ("--base-url https://bcda.invalid/api/v3 --api v3", "doubled"),
        ("--base-url https://bcda.invalid/api/v3/metadata", "goes on behind the version"),
        ("--base-url https://bcda.invalid --api v4", "--api v4 is no version"),
        ("--base-url http://bcda.invalid", "plain HTTP"),
        ("--base-url bcda.invalid", "not a URL"),
        ("--base-url https://bcda.invalid/?x=Qzjxkv", "has a query"),
        ("--base-url https://me:Qzjxkv@bcda.invalid", "may not hold credentials"),
    ] {
        let ran = bcda(&work, &format!("doctor {words} --credentials credentials")).exits(1);
        says(&ran, "settings", "fail", found);
        says(&ran, "dns", "note", "skipped: ");
        assert!(!ran.text().contains(MARK), "{}", ran.text());
        // What can be looked at without a server is.
        says(&ran, "credentials", "ok", "nobody else can read them");
    }
    for words in ["doctor", "doctor s3://bucket/tables", "doctor --no-such-option"] {
        bcda(&work, words).exits(2);
    }
}

#[test]
fn a_version_that_is_not_offered() {
    let work = work();
    let running = serve();
    let url = running.url();
    let ran = bcda(&work, &format!("doctor --base-url {url} --api v3 --auth none")).exits(1);
    says(&ran, "version", "fail", "does not offer v3; it offers v1: name one with --api");
    let page = answering("200 OK\r\nContent-Type: text/html\r\n", "<html>please log in</html>");
    let ran = bcda(&work, &format!("doctor --base-url {page} --auth none")).exits(1);
    assert_eq!(line(&ran, "version").0, "fail", "{}", ran.text());
    assert!(!ran.text().contains("log in"), "{}", ran.text());
}

#[test]
fn certificates() {
    use crate::tls::certificates::{authority, server_config};
    let work = work();
    let (known, unknown) = (authority(), authority());
    work.write("known.pem", known.pem());
    let body = "{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"4.0.1\"}";
    let (here, years) = (["127.0.0.1"], [2020, 2100]);
    for (config, status, words) in [
        (server_config(&here, years, Some(&known)), "ok", "is trusted"),
        (server_config(&here, years, Some(&unknown)), "fail", "authority that is not trusted"),
        (server_config(&["other.invalid"], years, Some(&known)), "fail", "none of 127.0.0.1"),
        (server_config(&here, [2020, 2021], Some(&known)), "fail", "has expired, by the clock"),
        (server_config(&here, [2098, 2100], Some(&known)), "fail", "is not valid yet"),
    ] {
        let (url, _) = crate::tls::serve_body(&config, body);
        let mut command = command(&work, &format!("doctor --base-url {url}/fhir --auth none"));
        command.env("SSL_CERT_FILE", work.path("known.pem")).env_remove("SSL_CERT_DIR");
        let ran = Ran::from(command.output().unwrap());
        says(&ran, "connection", "ok", "127.0.0.1");
        says(&ran, "certificate", status, words);
        assert_eq!(ran.code, Some(i32::from(status == "fail")), "{}", ran.text());
    }
}

#[test]
fn clocks() {
    let work = work();
    let body = "{\"resourceType\":\"CapabilityStatement\"}";
    for (seconds, status, words) in [
        (0, "ok", "agrees"),
        (150, "warning", "seconds behind the server's; set it"),
        (1_000, "fail", "seconds behind the server's; set it"),
    ] {
        let date = httpdate(SystemTime::now() + Duration::from_secs(seconds));
        let url = answering(&format!("200 OK\r\nDate: {date}\r\n"), body);
        let ran = bcda(&work, &format!("doctor --base-url {url}/fhir --auth none"));
        says(&ran, "clock", status, words);
        assert_eq!(ran.code, Some(i32::from(status == "fail")), "{}", ran.text());
    }
    let url = answering("200 OK\r\n", body);
    let ran = bcda(&work, &format!("doctor --base-url {url}/fhir --auth none")).exits(0);
    says(&ran, "clock", "note", "does not tell the time");
}

/// A time as HTTP writes it.
fn httpdate(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn credentials_and_their_form() {
    let work = work();
    let running = serve();
    let doctor = format!("doctor --base-url {} --credentials credentials", running.url());
    let known = sandbox::Credentials::published();

    credentials(&work, &known.id, &format!("{MARK}{MARK}"));
    let ran = bcda(&work, &doctor).exits(1);
    says(&ran, "credentials", "ok", "form that can be sent");
    says(&ran, "token", "fail", "refuses the client id and the secret; check");
    says(&ran, "group", "note", "skipped: there is no token");
    mode(&work, "credentials", 0o644);
    let ran = bcda(&work, &doctor).exits(1);
    says(&ran, "credentials", "fail", "credentials: others can read this secret (mode 644)");
    says(&ran, "token", "note", "skipped: ");
    for (text, words) in [
        (format!("ID={MARK}\nSECRET={MARK}\n"), "another form than expected"),
        ("client_id = ...\nclient_secret = ...\n".to_owned(), "another form than expected"),
        (format!("client_id = {MARK}\nclient_secret = <your-secret>\n"), "placeholder"),
        (format!("{{\"client_id\": \" {MARK}\", \"client_secret\": \"x{MARK}\"}}"), "blank"),
    ] {
        work.write("credentials", &text);
        mode(&work, "credentials", 0o600);
        let ran = bcda(&work, &doctor).exits(1);
        says(&ran, "credentials", "fail", words);
        assert!(!ran.text().contains(MARK), "{}", ran.text());
    }
    fs::remove_file(work.path("credentials")).unwrap();
    says(&bcda(&work, &doctor).exits(1), "credentials", "fail", "credentials: cannot be read");
    let url = running.url();
    let ran = bcda(&work, &format!("doctor --base-url {url}")).exits(1);
    says(&ran, "credentials", "fail", "give --credentials FILE");

    // The published ones open nothing but sandboxes.
    credentials(&work, &known.id, &known.secret);
    let ran = bcda(&work, "doctor --base-url https://api.invalid --credentials credentials");
    says(&ran.exits(1), "credentials", "fail", "publishes for its sandbox");
    let ran = bcda(&work, "doctor --base-url https://sandbox.invalid --credentials credentials");
    says(&ran.exits(1), "credentials", "ok", "form that can be sent");

    // A key that signs nothing.
    work.write("key.pem", format!("-----BEGIN {MARK}"));
    mode(&work, "key.pem", 0o600);
    let words = format!("doctor --base-url {url} --signing-key key.pem --client-id {MARK}");
    let ran = bcda(&work, &words).exits(1);
    says(&ran, "credentials", "fail", "no private key in PEM");
    assert!(!ran.text().contains(MARK), "{}", ran.text());
}

#[test]
fn tokens_and_groups() {
    let work = work();
    let running = serve();
    let url = running.url();
    for (words, status, told) in [
        ("--credentials credentials --group all", "ok", "all is there; the service was told on"),
        ("--credentials credentials --group runout", "ok", "runout is there"),
        ("--credentials credentials --group Qzjxkv", "fail", "no group of this id; ask for all"),
        ("--auth none", "fail", "give credentials"),
    ] {
        let ran = bcda(&work, &format!("doctor --base-url {url} {words}"));
        says(&ran, "group", status, told);
        assert!(!ran.text().contains(MARK), "{}", ran.text());
        assert_eq!(ran.code, Some(i32::from(status == "fail")));
    }
    let mut command = command(&work, &format!("doctor --base-url {url}"));
    let ran = Ran::from(command.env("BCDA_TOKEN", MARK).output().unwrap()).exits(1);
    says(&ran, "token", "ok", "the one that is given");
    says(&ran, "group", "fail", "get a new one: BCDA's are good for 20 minutes");
    assert!(!ran.text().contains(MARK), "{}", ran.text());
}
