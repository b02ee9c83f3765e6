"""Bring a catalog up to the English text; nothing is lost, and diffs stay small."""

import io

from babel.messages.catalog import Catalog
from babel.messages.pofile import normalize, write_po

from eatorch.sphinxext.catalogs import previous

__all__ = ["catalog_text", "merge"]

_HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: eatorch\\n"
"Language: zh_CN\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def catalog_text(catalog: Catalog) -> str:
    """Write a catalog in the one form that the repository keeps.

    No dates and no line numbers, so that a diff shows words only; one line for each
    text; the previous English in gettext's own form, which every editor of catalogs
    knows. Babel would break that line inside the quotes.

    Args:
        catalog: What to write.

    Returns:
        The text of the ``.po`` file.
    """
    body = io.BytesIO()
    write_po(body, catalog, width=0, omit_header=True, ignore_obsolete=True)
    text = "\n" + body.getvalue().decode()
    for message in catalog:
        if was := previous(message):
            entry = f"\nmsgid {normalize(str(message.id), width=0)}\nmsgstr "
            lines = f"msgid {normalize(was, width=0)}".splitlines()
            text = text.replace(entry, "\n#| " + "\n#| ".join(lines) + entry)
    return _HEADER + text.strip("\n") + "\n"


def merge(catalog: Catalog, template: Catalog) -> Catalog:
    """Bring a catalog up to the English text; a translation is kept to be mended.

    Args:
        catalog: The catalog as translators left it; changed in place.
        template: What the pages say now.

    Returns:
        ``catalog``. A message that is close to one from before has that one's
        translation, marked fuzzy, and remembers its English.
    """
    belongs = {message.id: message.previous_id for message in catalog}
    catalog.update(template)
    for message in catalog:
        source = previous(message) or message.id
        # Moved twice: the translation still belongs to the first English.
        message.previous_id = belongs.get(source) or message.previous_id
        if previous(message) == message.id:  # the English is again what it was
            message.flags.discard("fuzzy")
        if not message.fuzzy:
            message.previous_id = []
    return catalog
