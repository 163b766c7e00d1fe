"""The page of an audit in a real browser: nothing runs, nothing is fetched, nothing complains."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; apt-get install chromium")


class Elsewhere:
    """A server that remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked = asked = list[str]()

        class Handler(BaseHTTPRequestHandler):
            timeout = 1  # a browser opens connections that it may not use

            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    place = Elsewhere()
    thread = threading.Thread(target=place.server.serve_forever, args=(0.01,))
    thread.start()
    yield place
    place.server.shutdown()
    thread.join()
    place.server.server_close()


def attacks(url: str) -> list[str]:
    """Texts that would run or fetch something where they are not escaped, in an element or in an attribute."""
    return [
        f"<script>fetch('{url}/script')</script>",
        f"<img src={url}/img onerror=\"fetch('{url}/error')\">",
        f'"><svg onload="fetch(\'{url}/svg\')"><image href="{url}/image"/>',
        f"'--><iframe src={url}/frame></iframe><style>@import '{url}/style'</style>",
        f'</title></style><link rel=stylesheet href="{url}/link"><base href="{url}/"><meta http-equiv=refresh '
        f'content="0;url={url}/meta">',
        f'" style="background:url({url}/css)" onmouseover="fetch(\'{url}/over\')',
        "&lt;script&gt; &#60;script&#62; \u202e\u2066 ]]> {{7*7}}",
    ]


@pytest.fixture
def page(registry, model_file, clock, tmp_path: Path, elsewhere: Elsewhere) -> Path:
    """The page of a model of which everything that people may write is an attack."""
    said = attacks(elsewhere.url)
    flat = ["".join(filter(str.isprintable, text)) for text in said]  # what a field of one line takes
    for number, text in enumerate(said):
        version = f"1.{number}.0"
        registry.register(
            "fraud",
            model_file(version),
            version=version,
            metrics={"auc": 0.8 + number / 100, "latency": f"{40 + number}ms"},
            data=flat[number],
            experiment=flat[number - 1],
            feature_set=flat[number],
            owner=flat[number],
            dataset={"version": flat[number]},
        )
        clock.moment += timedelta(days=3)
        registry.promote("fraud", version, to="production", reason=text)
        if number % 3 == 2:
            clock.moment += timedelta(days=1)
            registry.rollback("fraud", reason=flat[number])
    registry.set("fraud", "1.0.0", metrics={"auc": 0.5})
    file = tmp_path / "page.html"
    registry.audit("fraud", format="html", file=file)
    return file


def browse(file: Path, place: Path, *words: str) -> tuple[str, str]:
    """Opens `file` in a browser and returns the page as it stands then, and what the browser said."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        f"--user-data-dir={place / 'profile'}", "--virtual-time-budget=2000", *words, "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    home = {"HOME": str(place), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, timeout=60, env=home)
    return done.stdout.decode(), done.stderr.decode()


def complaints(said: str) -> list[str]:
    return re.findall(r".*CONSOLE.*", said)


class Tags(HTMLParser):
    """The elements of a page and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


@needs_chromium
def test_in_a_browser_the_page_runs_nothing_fetches_nothing_and_has_no_error(page, tmp_path, elsewhere):
    dom, said = browse(page, tmp_path)
    assert "Compliance checkpoints" in dom
    assert dom.count("<svg") > 5
    assert complaints(said) == []
    assert elsewhere.asked == []


@needs_chromium
def test_a_page_that_does_not_escape_would_be_found(tmp_path, elsewhere):
    bad = tmp_path / "bad.html"
    bad.write_text(f"<p>{attacks(elsewhere.url)[1]}<script>console.error('x')</script>")
    _, said = browse(bad, tmp_path)
    assert "/img" in elsewhere.asked
    assert complaints(said) != []


@needs_chromium
def test_the_page_fits_a_phone(page, tmp_path):
    """What is wider than the window would be cut off, or make the whole page move sideways."""
    probe = "<script>document.title=document.documentElement.scrollWidth+'/'+innerWidth</script>"
    text = page.read_text().replace("default-src 'none'", "default-src 'unsafe-inline'") + probe
    (tmp_path / "phone.html").write_text(text)
    dom, _ = browse(tmp_path / "phone.html", tmp_path, "--window-size=500,900")
    width, window = re.findall(r"<title>(\d+)/(\d+)</title>", dom)[0]
    assert int(width) <= int(window)


def test_the_page_is_made_of_harmless_elements_only(page):
    tags = Tags(page.read_text())
    assert not tags.names & {"script", "img", "iframe", "link", "base", "object", "embed", "form", "image", "a"}
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("src", "href", "style", "action")}


def test_the_page_forbids_all_that_a_page_can_fetch_or_run(page):
    assert "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'" in page.read_text()


def test_what_nobody_sees_or_what_turns_text_around_is_spelled_out(page):
    text = page.read_text()
    assert "\u202e" not in text
    assert "\\u202e" in text
