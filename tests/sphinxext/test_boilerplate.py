"""None of sphinx-gallery's own sentences reaches a page or a catalog."""

from typing import Any, cast

from docutils.core import publish_doctree
from sphinx.util.nodes import extract_messages

from eatorch.sphinxext.boilerplate import mark_neutral, strip

GENERATED = """
.. only:: html

    .. note::
        :class: sphx-glr-download-link-note

        :ref:`Go to the end <sphx_glr_download_lessons_2_core_07_tensor.py>`
        to download the full example code.

.. rst-class:: sphx-glr-example-title

.. _sphx_glr_lessons_2_core_07_tensor.py:

Tensors
=======

Words of the lesson.

.. rst-class:: sphx-glr-timing

   **Total running time of the script:** (0 minutes 1.000 seconds)

.. _sphx_glr_download_lessons_2_core_07_tensor.py:

.. only:: html

  .. container:: sphx-glr-footer sphx-glr-footer-example
"""
HEADER = """
Title
=====

A promise.

:Level: 4
:Needs: one
:Data: a photograph
"""


def test_notes_times_and_download_lines_are_removed() -> None:
    source = [GENERATED]
    strip(cast("Any", None), "lessons/2_core/07_tensor", source)
    assert "Words of the lesson." in source[0]
    for phrase in ("Go to the end", "Total running time", "download"):
        assert phrase not in source[0]


def test_other_pages_are_left_alone() -> None:
    source = [GENERATED]
    strip(cast("Any", None), "index", source)
    assert source == [GENERATED]


def test_only_the_data_of_a_header_is_translated() -> None:
    doctree = publish_doctree(HEADER, settings_overrides={"doctitle_xform": False})
    mark_neutral(cast("Any", None), doctree)
    messages = [message for _, message in extract_messages(doctree)]
    assert messages == ["Title", "A promise.", "a photograph"]
