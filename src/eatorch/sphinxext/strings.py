"""The frame's words in both languages: everything that no catalog carries.

Page texts are translated in ``locales``. This table holds what templates and extensions
put around them, once for the whole site.
"""

__all__ = ["STRINGS", "is_chinese", "text"]

# key: (English, Chinese)
STRINGS: dict[str, tuple[str, str]] = {
    # Names of things
    "site": ("eatorch", "eatorch"),
    "tagline": ("Learn PyTorch by running it", "动手运行，学会 PyTorch"),
    "description": (
        "PyTorch lessons that run on a laptop: every script with its output, pictures, "
        "notebook and exercises that check themselves, in English and Chinese.",
        "在笔记本电脑上就能运行的 PyTorch 课程：每课都有脚本、输出、图、notebook "
        "和能自动检查的练习，中英文内容一致。",
    ),
    # Language switch
    "language": ("Language", "语言"),
    "this_language": ("English", "中文"),
    "change_language": ("Change the language", "切换语言"),
    "copyright_holders": ("2026, the eatorch contributors", "2026 eatorch 贡献者"),
    # Navigation around a page
    "site_navigation": ("Site navigation", "网站导航"),
    "toggle_navigation": ("Show or hide the site navigation", "显示或隐藏网站导航"),
    "toggle_contents": ("Show or hide the contents of this page", "显示或隐藏本页目录"),
    "toggle_theme": (
        "Switch between light, dark and automatic colours",
        "切换浅色、深色或自动配色",
    ),
    "contents": ("Contents", "目录"),
    "menu": ("Menu", "菜单"),
    "expand": ("Expand", "展开"),
    "expand_named": (
        "Show or hide the pages under “{title}”",
        "显示或隐藏“{title}”下的页面",
    ),
    "light_mode": ("Light colours", "浅色"),
    "dark_mode": ("Dark colours", "深色"),
    "auto_light_mode": ("Automatic colours, light now", "自动配色，当前为浅色"),
    "auto_dark_mode": ("Automatic colours, dark now", "自动配色，当前为深色"),
    "permalink": ("Link to this heading", "指向此标题的链接"),
    "definition_permalink": ("Link to this definition", "指向此定义的链接"),
    # Copy button
    "copy": ("Copy", "复制"),
    "copied": ("Copied", "已复制"),
    "copy_failed": ("Copying failed", "复制失败"),
    # Lesson card and study plan
    "lesson": ("Lesson", "课程"),
    "about_lesson": ("About this lesson", "关于本课"),
    "level": ("Level", "难度"),
    "level_of_five": ("{level} of 5", "{level}/5"),
    "hours": ("Hours", "学时"),
    "day": ("Day", "第几天"),
    "needs": ("Needs", "先修"),
    "data": ("Data", "数据"),
    "nothing": ("nothing", "无"),
    "total": ("Total", "合计"),
    "downloads": ("Downloads", "下载"),
    "script": ("Script", "脚本"),
    "notebook": ("Notebook", "Notebook"),
    "zip": ("Zip", "Zip 压缩包"),
    "run_record": ("Last run", "最近运行"),
    "hours_of_work": ("{hours} h", "{hours} 小时"),
    "day_of_path": ("Day {day} of 20", "20 天路线第 {day} 天"),
    "run_line": (
        "Run on {date} with PyTorch {torch} and Python {python} on the {device} "
        "in {seconds} s of processor time, using {peak_mb} MB of memory at most.",
        "{date} 在 {device} 上用 PyTorch {torch} 和 Python {python} 运行，"
        "占用处理器 {seconds} 秒，内存峰值 {peak_mb} MB。",
    ),
    "download_part": ("All lessons of this part (zip)", "下载本篇全部课程（zip）"),
    "download_all": ("All lessons (zip)", "下载全部课程（zip）"),
    "used_in": ("Lessons that use it", "用到它的课程"),
    # Search
    "search": ("Search", "搜索"),
    "search_title": ("Search the lessons", "搜索全站"),
    "search_hint": (
        "A word, a Chinese term or a name such as torch.einsum",
        "输入词语、英文术语或 torch.einsum 这样的名称",
    ),
    "search_one": ("1 page found for “{query}”.", "找到 1 个与“{query}”相关的页面。"),
    "search_many": (
        "{count} pages found for “{query}”.",
        "找到 {count} 个与“{query}”相关的页面。",
    ),
    "search_none": (
        "Nothing found for “{query}”. Try a shorter word or another one.",
        "没有找到与“{query}”相关的内容。请换一个更短或不同的词。",
    ),
    "search_working": ("Searching …", "正在搜索……"),
    "search_script": (
        "The search runs in your browser and needs JavaScript. "
        "Without it, the lists of lessons and of glossary terms are a good start.",
        "搜索在浏览器中进行，需要启用 JavaScript。"
        "不启用时，可以从课程列表和术语表开始查找。",
    ),
    "search_file": (
        "This page was opened as a file, and browsers allow no search there. "
        "Run “make serve” in the project, or “python -m http.server” in the folder "
        "of the site, and open the address that it prints.",
        "这个页面是作为本地文件打开的，浏览器不允许在这种情况下搜索。"
        "请在项目目录中运行“make serve”，或在网站目录中运行“python -m http.server”，"
        "然后打开它显示的地址。",
    ),
    "search_failed": (
        "The search index could not be loaded. Please reload the page.",
        "无法加载搜索索引，请刷新页面重试。",
    ),
    # Page that does not exist
    "missing_title": ("This page does not exist", "页面不存在"),
    "missing_text": (
        "The address is mistyped, or the page has moved. "
        "The search or one of these pages will help:",
        "地址可能输入有误，或者页面已经移动。可以试试搜索，或从下面的页面继续：",
    ),
    "home": ("Home", "首页"),
    "plan": ("Study plan", "学习计划"),
    "glossary": ("Glossary", "术语表"),
    # Root page
    "root_choose": ("Read in English", "阅读中文版"),
    "root_title": ("eatorch: choose a language", "eatorch：选择语言"),
}


def is_chinese(language: str | None) -> bool:
    """Tell whether a language code, in any spelling, means Chinese.

    Args:
        language: ``"en"``, ``"zh_CN"``, ``"zh-CN"``, ``"zh-cn"`` or None.
    """
    return (language or "").lower().startswith("zh")


def text(key: str, language: str | None, **values: object) -> str:
    """Return one of the frame's texts.

    Args:
        key: Name of the text in ``STRINGS``.
        language: Language code of the page.
        **values: What to fill into the braces of the text.

    Returns:
        The text, with braces filled if values are given.

    Raises:
        KeyError: If the table has no such key.
    """
    if key not in STRINGS:
        raise KeyError(
            f"key must be one of strings.STRINGS, got {key!r}; add it in both languages"
        )
    words = STRINGS[key][is_chinese(language)]
    return words.format(**values) if values else words
