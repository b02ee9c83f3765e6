r"""Where other projects keep the documentation of a name.

Each rule is a pattern for whole names and the page. ``\g<0>`` is the name, ``\1`` its
first group; a page without ``#`` gets the name as anchor. The first match wins. The
rules follow the sources of the documentation of PyTorch 2.13 (``docs/source``) and the
published addresses of the others.
"""

import re

Rules = list[tuple[str, str]]

# Roots of the published documentation, as ``conf.py`` names them for intersphinx.
BASES = {
    "python": "https://docs.python.org/3/",
    "torch": "https://docs.pytorch.org/docs/2.13/",
    "numpy": "https://numpy.org/doc/stable/",
    "matplotlib": "https://matplotlib.org/stable/",
    "sklearn": "https://scikit-learn.org/stable/",
}

# Classes whose members are linked where a lesson uses them on an object.
CLASSES = (
    "torch.Tensor",
    "torch.Generator",
    "torch.nn.Module",
    "torch.optim.Optimizer",
    "numpy.ndarray",
    "matplotlib.axes.Axes",
    "matplotlib.figure.Figure",
)

# Members that exist but have no entry in the documentation.
UNDOCUMENTED = (
    r"torch\.Tensor\.(data|names?|output_nr|volatile|index|solve)"
    r"|matplotlib\.figure\.Figure\.(number|axes|show)"
    r"|matplotlib\.axes\.Axes\.(figure|name|axes|patches|lines|texts|images)"
)

_OWN_PAGE = r"generated/\g<0>.html"
_TORCH: Rules = [
    # Documented only in words, on the page of what they return.
    (r"torch\.Tensor\.(dtype|layout)", r"tensor_attributes.html#torch.\1"),
    (r"torch\.Tensor\.grad_fn", "autograd.html#autograd-graph"),
    (r"torch\.Tensor\.([TH]|m[TH])", "tensors.html"),
    (r"torch\.Tensor", "tensors.html"),
    (r"torch\.[A-Z]\w+Tensor", "tensor_attributes.html#torch.dtype"),
    (r"torch\.random\.\w+", "random.html"),
    (
        r"torch\.(Tensor\.)?relu",
        "generated/torch.nn.functional.relu.html#torch.nn.functional.relu",
    ),
    (r"torch\.overrides\.\w+", "torch.overrides.html"),
    (r"torch\.(dtype|device|layout|memory_format)(\..*)?", "tensor_attributes.html"),
    (
        r"torch\.(\w*(int|float)\d\w*|bool|int|long|float|double|half|cfloat)",
        "tensor_attributes.html#torch.dtype",
    ),
    (r"torch\.Size(\..*)?", "size.html"),
    (r"torch\.(finfo|iinfo)(\..*)?", "type_info.html"),
    (r"torch\.(inf|nan|pi|e)", "torch.html#math-operations"),
    (
        r"torch\.(inference_mode|set_grad_enabled)",
        r"generated/torch.autograd.grad_mode.\1.html"
        r"#torch.autograd.grad_mode.\1",
    ),
    (
        r"torch\.autograd\.(gradcheck|gradgradcheck)",
        r"generated/torch.autograd.gradcheck.\1.html#torch.autograd.gradcheck.\1",
    ),
    (r"torch\.autograd\.(Function|set_detect_anomaly|detect_anomaly)", "autograd.html"),
    (r"torch\.autograd\.graph\.[\w]+", "autograd.html"),
    (r"torch\.(autocast|amp\.autocast|GradScaler|amp\.GradScaler)(\..*)?", "amp.html"),
    (r"torch\.optim\.Optimizer", "optim.html"),
    (r"torch\.nn\.init\.\w+", "nn.init.html"),
    (r"torch\.nn\.attention(\.\w+)*", "nn.attention.html"),
    (r"torch\.utils\.data\.[\w.]+", "data.html"),
    (r"torch\.utils\.tensorboard\.[\w.]+", "tensorboard.html"),
    (r"torch\.utils\.checkpoint\.\w+", "checkpoint.html"),
    (r"torch\.testing\.\w+", "testing.html"),
    (r"torch\.profiler\.[\w.]+", "profiler.html"),
    (r"torch\.multiprocessing\.[\w.]+", "multiprocessing.html"),
    (r"torch\.distributed\.\w+", "distributed.html"),
    (r"torch\.backends\.[\w.]+", "backends.html"),
    (r"torch\.distributions\.[\w.]+", "distributions.html"),
    (
        r"torch\.export\.[\w.]+",
        "user_guide/torch_compiler/export/api_reference.html",
    ),
    (r"torch\.onnx\.[\w.]+", "onnx.html"),
    (r"torch\.jit\.[\w.]+", "jit.html"),
    # Members of a class stand on its page, unless they have one of their own.
    (r"torch\.Tensor\.\w+|torch\.optim\.Optimizer\.\w+", _OWN_PAGE),
    (r"(torch(?:\.\w+)*\.[A-Z]\w*)\.\w+", r"generated/\1.html#\g<0>"),
    (r"torch\..*", _OWN_PAGE),
]
_NUMPY: Rules = [
    (
        r"numpy\.(u?int\d+|(float|complex|datetime|timedelta)\d+|bool|generic|number)",
        "reference/arrays.scalars.html",
    ),
    (r"numpy\.(newaxis|pi|e|inf|nan)", "reference/constants.html"),
    (r"numpy\.random\.(Generator|default_rng)", "reference/random/generator.html"),
    (r"numpy\.random\..*", r"reference/random/generated/\g<0>.html"),
    (r"numpy\.typing\.\w+", "reference/typing.html"),
    (r"numpy\..*", r"reference/generated/\g<0>.html"),
]
_MATPLOTLIB: Rules = [
    (r"matplotlib\.(rc\w*|use|get_backend)", "api/matplotlib_configuration_api.html"),
    (
        r"matplotlib\.(cbook|ticker|image|gridspec|cm|path|text)\.[\w.]+",
        r"api/\1_api.html",
    ),
    (r"(matplotlib(?:\.\w+)*\.[A-Z]\w*)\.\w+", r"api/_as_gen/\g<0>.html"),
    (r"matplotlib\..*", r"api/_as_gen/\g<0>.html"),
]
_SKLEARN: Rules = [
    (r"(sklearn(?:\.\w+)*\.[A-Z]\w*)\.\w+", r"modules/generated/\1.html#\g<0>"),
    (r"sklearn\..*", r"modules/generated/\g<0>.html"),
]
_PYTHON: Rules = [
    (
        r"(?:str|bytes|bytearray|list|tuple|dict|set|frozenset|range|memoryview)(\.\w+)?",
        "library/stdtypes.html",
    ),
    (r"None|True|False|Ellipsis|NotImplemented", "library/constants.html"),
    (
        r"\w*(?:Error|Exception|Warning|Interrupt)|StopIteration|SystemExit",
        "library/exceptions.html",
    ),
    (r"\w+", "library/functions.html"),
    (r"(importlib|unittest|xml)\..*", r"library/\1.html"),
    (
        r"(os\.path|collections\.abc|concurrent\.futures|urllib\.\w+|http\.\w+)\.[\w.]+",
        r"library/\1.html",
    ),
    (r"(\w+)\..*", r"library/\1.html"),
]
_RULES = {
    "torch": _TORCH,
    "numpy": _NUMPY,
    "matplotlib": _MATPLOTLIB,
    "sklearn": _SKLEARN,
    "python": _PYTHON,
}
_MODULES: dict[str, Rules] = {
    "torch": [
        (r"torch\.(nn)\.(parallel|utils)", r"\1.html"),
        (r"torch\.func", "func.api.html"),
        (r"torch\.utils\.(.*)|torch\.(.*)", r"\1\2.html"),
        (r"torch", "torch.html"),
    ],
    "numpy": [
        (r"numpy\.random", "reference/random/index.html"),
        (r"numpy\.(.*)", r"reference/routines.\1.html"),
        (r"numpy", "reference/index.html"),
    ],
    "matplotlib": [
        (r"matplotlib\.pyplot", "api/pyplot_summary.html"),
        (r"matplotlib\.(.*)", r"api/\1_api.html"),
        (r"matplotlib", "api/matplotlib_configuration_api.html"),
    ],
    "sklearn": [(r"sklearn.*", r"api/\g<0>.html")],
    "python": [
        (r"(importlib|unittest)\..*", r"library/\1.html"),
        (r".*", r"library/\g<0>.html"),
    ],
}


def address(project: str, name: str, *, module: bool = False) -> str:
    """Return where the documentation of a name stands.

    Args:
        project: One of ``python``, ``torch``, ``numpy``, ``matplotlib``, ``sklearn``.
        name: The full name, for example ``"torch.Tensor.view"``.
        module: Whether the name is a module.

    Returns:
        Page and anchor, relative to the root of the project's documentation.

    Raises:
        ValueError: If no rule covers the name.

    Example:
        >>> address("torch", "torch.utils.data.DataLoader")
        'data.html#torch.utils.data.DataLoader'
    """
    for pattern, page in (_MODULES if module else _RULES)[project]:
        if match := re.fullmatch(pattern, name):
            found = match.expand(page)
            anchor = f"module-{name}" if module else name
            return found if "#" in found else f"{found}#{anchor}"
    raise ValueError(f"name must have a rule for {project}, got {name!r}")
