"""Settings of the site: values only. Logic lives in ``eatorch.sphinxext``."""

import os

project = "eatorch"
author = "The eatorch contributors"
copyright = "2026, the eatorch contributors"
version = release = "0.1.0"

# The one place that names where the site is published (root of both languages).
html_baseurl = os.environ.get(
    "EATORCH_URL",
    os.environ.get(
        "READTHEDOCS_CANONICAL_URL", "https://eatorch.readthedocs.io/en/latest/"
    ),
)

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "myst_nb",
    "eatorch.sphinxext.languages",
    "eatorch.sphinxext.sections",
    "eatorch.sphinxext.navigation",
    "eatorch.sphinxext.boilerplate",
    "eatorch.sphinxext.messages",
    "eatorch.sphinxext.drift",
    "eatorch.sphinxext.mathml",
    "eatorch.sphinxext.plan",
    "eatorch.sphinxext.glossary",
    "eatorch.sphinxext.finder",
    "eatorch.sphinxext.filters",
    "eatorch.sphinxext.error_table",
    "eatorch.sphinxext.data_table",
    "eatorch.sphinxext.old_new",
    "eatorch.sphinxext.build_figures",
    "eatorch.sphinxext.examples",
]

# myst-nb must not claim the notebooks that sphinx-gallery writes.
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}
exclude_patterns = [
    "lessons/**/*.ipynb",
    "lessons/backreferences/**",
    "lessons/**/README.*",
]
templates_path = ["docs/_templates"]
nitpicky = True
keep_warnings = False
suppress_warnings = [
    "config.cache",
    # Sphinx 9.0 calls a normal Chinese word order inconsistent (sphinx#14162); the
    # catalog check compares roles, links and code spans itself.
    "i18n.inconsistent_references",
]

# ---- Two languages ----
language = "en"
locale_dirs = ["../locales"]  # seen from docs/
gettext_compact = False
gettext_location = False
gettext_uuid = False
translation_progress_classes = False
# Sphinx leaves "--" in Chinese API pages; its own list names Chinese.
smartquotes_excludes = {"languages": ["ja"], "builders": ["man", "text"]}

# ---- API docs ----
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72
napoleon_numpy_docstring = False
napoleon_use_rtype = False

# Small inventories of the names we use: every build resolves the same links, on or
# off the network. ``python -m eatorch.sphinxext.inventory`` refreshes them.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", "_inventories/python.inv"),
    "torch": ("https://docs.pytorch.org/docs/2.13", "_inventories/torch.inv"),
    "numpy": ("https://numpy.org/doc/stable", "_inventories/numpy.inv"),
    "matplotlib": ("https://matplotlib.org/stable", "_inventories/matplotlib.inv"),
    "sklearn": ("https://scikit-learn.org/stable", "_inventories/sklearn.inv"),
}

# ---- Lessons ----
sphinx_gallery_conf = {
    "examples_dirs": ["../gallery"],
    "gallery_dirs": ["lessons"],
    "filename_pattern": r"/\d\d_",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("eatorch.sphinxext.gallery.scrape",),
    "reset_modules": ("matplotlib", "eatorch.sphinxext.gallery.reset"),
    "reset_modules_order": "both",
    "parallel": 2,  # keeps torch and its threads out of the Sphinx process
    "backreferences_dir": "lessons/backreferences",
    "doc_module": ("eatorch",),
    "inspect_global_variables": True,
    "remove_config_comments": True,
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "show_signature": False,
    "download_all_examples": False,
    "notebook_extensions": set(),
    "capture_repr": ("_repr_html_", "__repr__"),
    # Return values of drawing calls say nothing to a reader.
    "ignore_repr_types": r"matplotlib|NoneType",
}

# ---- Executable Markdown ----
nb_execution_mode = "cache"
nb_execution_cache_path = "build/notebook-cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_ipywidgets_js = {}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3

# ---- Pages ----
html_theme = "furo"
html_title = "eatorch"
html_static_path = ["docs/_static"]
html_favicon = "docs/_static/favicon.svg"
html_css_files = ["eatorch.css"]
html_js_files = [("eatorch.js", {"defer": "defer"})]
html_sidebars = {
    "**": [
        "sidebar/languages.html",
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_use_index = False
html_domain_indices = False
html_permalinks_icon = "#"
html_math_renderer = "mathml"
pygments_style = "github-light-high-contrast"
pygments_dark_style = "github-dark-high-contrast"
html_theme_options = {"top_of_page_buttons": []}
