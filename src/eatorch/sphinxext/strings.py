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
    "total": ("Total", "合计"),
    "script": ("Script", "脚本"),
    "notebook": ("Notebook", "Notebook"),
    "zip": ("Zip", "Zip 压缩包"),
    "hours_of_work": ("{hours} h", "{hours} 小时"),
    "day_of_path": ("Day {day} of 20", "20 天路线第 {day} 天"),
    "run_line": (
        "Run on {date} with PyTorch {torch} and Python {python} on the {device}.",
        "{date} 在 {device} 上用 PyTorch {torch} 和 Python {python} 运行。",
    ),
    "run_measured": (
        " It took {seconds} s of processor time and at most {peak_mb} MB of memory, "
        "without the processes that it started.",
        "占用处理器 {seconds} 秒，内存峰值 {peak_mb} MB，不计它另起的进程。",
    ),
    # Stands behind the sentence above; eight digits are enough for a person.
    "made_from": (
        " Fingerprint of the script {script:.8}, of the code with all it needs "
        "{code:.8}; eatorch {eatorch}.",
        "脚本指纹 {script:.8}，代码及其依赖的指纹 {code:.8}，eatorch {eatorch}。",
    ),
    "download_part": ("All lessons of this part (zip)", "下载本篇全部课程（zip）"),
    "download_all": ("All lessons (zip)", "下载全部课程（zip）"),
    "used_in": ("Lessons that use it", "用到它的课程"),
    # Progress and planner
    "tick": ("Done", "完成"),
    "week": ("Week", "周次"),
    "step": ("Step", "步骤"),
    "tick_lesson": ("I have read this lesson", "我已读完本课"),
    "tick_exercise": ("I have solved {number}", "我已做完 {number}"),
    "tick_named": ("Done: {title}", "已完成：{title}"),
    "done": ("done", "已完成"),
    "continue_at": (
        "Go on where you were: {lesson}.",
        "从上次读到的地方继续：{lesson}。",
    ),
    "store_failed": (
        "Your browser keeps nothing for this site, so the tick was not kept. "
        "Its settings for cookies and site data decide that.",
        "浏览器不为本站保存数据，所以没能记下这个勾选。"
        "是否允许由浏览器的 Cookie 和网站数据设置决定。",
    ),
    "progress": ("Progress", "进度"),
    "progress_count": (
        "{count} of {all} lessons and {exercises} exercises done.",
        "已完成 {count}/{all} 课，{exercises} 道练习。",
    ),
    "progress_export": ("Save to a file", "保存到文件"),
    "progress_import": ("Read from a file", "从文件读取"),
    "progress_forget": ("Forget all", "全部清除"),
    "forget_sure": (
        "Forget all ticks in this browser? A saved file is not touched.",
        "要清除这个浏览器里的全部勾选吗？已保存的文件不受影响。",
    ),
    "file_no_json": (
        "this is not a file that eatorch saved: it holds no JSON. "
        "Choose the file eatorch-progress.json.",
        "这不是 eatorch 保存的文件：内容不是 JSON。请选择 eatorch-progress.json。",
    ),
    "file_other": (
        "this file holds no progress of eatorch. "
        "Choose the file eatorch-progress.json.",
        "这个文件里没有 eatorch 的进度。请选择 eatorch-progress.json。",
    ),
    "file_version": (
        "version must be 1, got {version}; the file comes from a newer site. "
        "Reload this page and try again.",
        "版本必须是 1，得到的是 {version}；文件来自更新的网站。请刷新本页后重试。",
    ),
    "file_entry": (
        "an entry must be a number such as 07 or 07-2 with a date, got “{entry}”; "
        "nothing was read.",
        "每一项必须是 07 或 07-2 这样的编号加日期，得到的是“{entry}”；"
        "没有读入任何内容。",
    ),
    "file_read": (
        "{count} ticks read; nothing that was ticked before was lost.",
        "读入了 {count} 个勾选；原有的勾选都还在。",
    ),
    "planner": ("Planner", "计划表"),
    "plan_track": ("Path", "路线"),
    "plan_path": ("20 days", "20 天路线"),
    "plan_all": ("All lessons", "全部课程"),
    "plan_per_day": ("Hours a day", "每天几小时"),
    "plan_start": ("First day", "开始日期"),
    "plan_exercises": (
        "with exercises (twice the time)",
        "包括练习（时间加倍）",
    ),
    "plan_weekdays": ("Days of the week", "每周哪几天"),
    "plan_date": ("Date", "日期"),
    "plan_calendar": ("Calendar file (.ics)", "日历文件（.ics）"),
    "plan_print": ("Print", "打印"),
    "plan_hours": ("({hours} h)", "（{hours} 小时）"),
    "plan_and": (", ", "，"),
    "plan_summary": (
        "{lessons} lessons, {hours} hours, {days} days; the last is {end}.",
        "{lessons} 课，{hours} 小时，{days} 天；最后一天是 {end}。",
    ),
    "plan_done": ("You have done all of this path.", "这条路线你已经全部学完了。"),
    "plan_hours_wrong": (
        "Hours a day must be from 0.25 to 12.",
        "每天的小时数必须在 0.25 到 12 之间。",
    ),
    "plan_start_wrong": ("The first day must be a date.", "开始日期必须是一个日期。"),
    "plan_weekdays_wrong": (
        "Choose at least one day of the week.",
        "每周至少选一天。",
    ),
    # Find by function
    "name": ("Name", "名称"),
    "lessons_and_sections": ("Lesson and section", "课程与小节"),
    "filter": ("Filter", "筛选"),
    "filter_count": ("{count} of {all} rows", "显示 {count}/{all} 行"),
    "used_here": ("Functions in this lesson ({count})", "本课用到的函数（{count}）"),
    # Draft of a page whose English has moved on
    "drift_count": (
        "Draft: {count} texts of this page are not translated, or their translation "
        "belongs to an older English text. They are shown in English.",
        "草稿：本页有 {count} 处文字尚未翻译，或者英文改动后译文还没有跟上，"
        "暂以英文显示。",
    ),
    "drift_english": ("Read it in English", "在英文版中查看"),
    "drift_mend": ("How to translate a page", "怎样翻译页面"),
    # A paragraph in the other language
    "peek_short": ("中", "英"),
    "peek_long": ("Chinese beside it (t)", "对照英文（t）"),
    "peek_mode": (
        "Tap a paragraph to see it in Chinese; the key t does the same",
        "点一下段落就显示英文，按 t 键也可以",
    ),
    "peek_paragraph": ("This paragraph in Chinese", "这一段的英文"),
    "peek_failed": (
        "The Chinese page could not be loaded. Pages opened as files cannot be "
        "looked up; a served site can.",
        "无法加载英文页面。作为本地文件打开的页面无法对照，需要通过服务器访问。",
    ),
    # Keys of every page
    "keys_switch": (
        "Single keys: “/” searches, “t” shows a lesson's paragraph in Chinese",
        "单键快捷键：“/”跳到搜索框，“t”显示课程段落的英文",
    ),
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
