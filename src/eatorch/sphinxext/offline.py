"""Write the offline editions: a zip of each language's tree, and a book of it.

``publish`` calls ``write_offline`` at its end; ``python -m eatorch.sphinxext.offline``
does the same again for a site that stands already. Both work on finished pages, so
nothing runs and nothing is translated a second time.
"""

import argparse
import posixpath
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from eatorch.sphinxext.book import book_files
from eatorch.sphinxext.downloads import build_time, pack
from eatorch.sphinxext.files import write_whole
from eatorch.sphinxext.fonts import find_font
from eatorch.sphinxext.kept import fingerprint, kept
from eatorch.sphinxext.mishaps import in_one_line
from eatorch.sphinxext.running import BuildError, one_at_a_time

__all__ = ["offer", "write_edition", "write_offline", "zip_files"]

_TREES = ("en", "zh-cn")
_OFFER = "start/offline.html"
# Of no use in a folder: the page for wrong addresses, the list of names for other
# sites, and the look at the other language, which is not in the zip.
_LEFT_OUT = {"404.html", "objects.inv", "_static/peek.js"}
# The look itself with its buttons, and a hint to load a font early, which browsers
# refuse for files.
_NOT_FROM_DISK = re.compile(
    r'<script[^>]*src="[^"]*_static/peek\.js[^>]*></script>|<link[^>]*rel="preload"[^>]*>'
    r'|<button[^>]*class="peek-switch".*?</button>'
)
_TAG = re.compile(r"<(?:a|link|img|script|form|source)\s[^>]*>")
_ADDRESS = re.compile(r'(?<=\s)(href|src|action)="([^"]*)"')
_OFFERED = re.compile(r'\n<p class="downloads offline-file">.*?</p>\n', re.DOTALL)


def write_offline(site: Path, root: Path, *, url: str) -> list[Path]:
    """Write zip and book of each language into its downloads, and offer them.

    Args:
        site: The finished site, with its search index.
        root: The project; its licence goes along.
        url: Published address of the site, ends in ``/``.

    Returns:
        The written files.
    """
    return [it for name in _TREES for it in write_edition(site, root, name, url=url)]


def write_edition(site: Path, root: Path, language: str, *, url: str) -> list[Path]:
    """Write zip and book of one language; where nothing changed, the last ones stay.

    Args:
        site: The finished site, with its search index.
        root: The project; its licence goes along.
        language: Name of the tree.
        url: Published address of the site, ends in ``/``.

    Returns:
        The zip and the book.
    """
    stem = f"eatorch-site-{language}"
    downloads = site / language / "downloads"
    zipped, book = downloads / f"{stem}.zip", downloads / f"eatorch-{language}.epub"
    offered = {"offline-zip": zipped.name, "offline-book": book.name}
    files = zip_files(site, language, url)
    web = {key: f"{url}{language}/downloads/{it}" for key, it in offered.items()}
    if _OFFER in files:
        files[_OFFER] = offer(files[_OFFER].decode(), web, {}).encode()
    files["LICENSE"] = (root / "LICENSE").read_bytes()

    def pack_site() -> bytes:
        return pack({f"{stem}/{name}": data for name, data in files.items()})

    def pack_book() -> bytes:
        cache = root / "build" / "pictures"
        pages = book_files(site / language, language, f"{url}{language}/", cache)
        return pack(pages, stored="mimetype")

    place, mark = root / "build" / "editions", _mark(files, url)
    write_whole(zipped, kept(place / zipped.name, mark, pack_site))
    write_whole(book, kept(place / book.name, mark, pack_book))
    _offer_in(site / language / _OFFER, offered, downloads)
    return [zipped, book]


def _mark(files: dict[str, bytes], url: str) -> str:
    """Fingerprint all that decides what both editions of a language hold."""
    around = repr((url, build_time()[:6], find_font())).encode()
    named = [part for name in sorted(files) for part in (name.encode(), files[name])]
    return fingerprint(around, *named)


def zip_files(site: Path, language: str, url: str) -> dict[str, bytes]:
    """Return the files of one language's zip by their names.

    The zips of single lessons stay on the web: their scripts and notebooks are here,
    and beside these lies the wheel, which they look for there first.

    Args:
        site: The finished site.
        language: Name of the tree.
        url: Published address of the site, ends in ``/``.
    """
    tree = site / language
    paths = {
        path.relative_to(tree).as_posix(): path
        for path in sorted(tree.rglob("*"))
        if path.is_file()
    }
    files = {name: it.read_bytes() for name, it in paths.items() if _belongs(name)}
    for wheel in (site / "wheels").glob("*.whl"):
        files[f"downloads/{wheel.name}"] = wheel.read_bytes()
    for name in [name for name in files if name.endswith(".html")]:
        page = _NOT_FROM_DISK.sub("", files[name].decode())
        files[name] = _lead_to_web(page, name, set(files), url, language).encode()
    return files


def _belongs(name: str) -> bool:
    packed = name.startswith("downloads/") and name.endswith((".zip", ".epub"))
    return name not in _LEFT_OUT and not packed


def _lead_to_web(page: str, name: str, files: set[str], url: str, tree: str) -> str:
    """Give each link that leaves the zip the address of its target on the web."""

    def address(match: re.Match[str]) -> str:
        key, value = match.groups()
        link = urlsplit(value)
        if link.scheme or link.netloc or not link.path:
            return match[0]
        here = posixpath.join(posixpath.dirname(name), unquote(link.path))
        if posixpath.normpath(here) in files:
            return match[0]
        return f'{key}="{urljoin(f"{url}{tree}/{name}", value)}"'

    return _TAG.sub(lambda tag: _ADDRESS.sub(address, tag[0]), page)


def offer(page: str, links: dict[str, str], sizes: dict[str, int]) -> str:
    """Put a link to a file, with its size, below the heading of a section.

    Args:
        page: The page as HTML.
        links: Id of a section → address of the file.
        sizes: Id of a section → size of the file in bytes, where it is known.
    """
    page = _OFFERED.sub("", page)
    for section, address in links.items():
        megabytes = f" {sizes.get(section, 0) / 1e6:.1f}\N{NO-BREAK SPACE}MB"
        size = megabytes if section in sizes else ""
        name = posixpath.basename(address)
        link = f'<a download="" href="{address}">{name}</a>{size}'
        line = f'<p class="downloads offline-file">{link}</p>\n'
        heading = re.search(rf'<section id="{section}">.*?</h2>', page, re.DOTALL)
        if heading:
            page = f"{page[: heading.end()]}\n{line}{page[heading.end() :]}"
    return page


def _offer_in(path: Path, offered: dict[str, str], downloads: Path) -> None:
    if not path.exists():
        return
    links = {key: f"../downloads/{name}" for key, name in offered.items()}
    sizes = {key: (downloads / name).stat().st_size for key, name in offered.items()}
    page = offer(path.read_text(encoding="utf-8"), links, sizes)
    write_whole(path, page.encode())


def _write_anew(root: Path) -> list[Path]:
    """Write the editions of ``build/site`` anew; return the files."""
    from eatorch.sphinxext.build import published_at  # it imports us by way of publish

    site = root / "build" / "site"
    with one_at_a_time(root / "build" / "lock"):  # a build's: it replaces the site
        if not (site / "index.html").exists():
            raise BuildError(f"{site} holds no site; run 'make site' first")
        shutil.rmtree(root / "build" / "editions", ignore_errors=True)
        return write_offline(site, root, url=published_at(root))


@in_one_line
def main() -> int:
    """Write the editions from the command line; return the exit status."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for path in _write_anew(Path.cwd()):
        print(f"{path.stat().st_size / 1e6:6.1f} MB  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
