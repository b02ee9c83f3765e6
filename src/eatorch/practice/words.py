"""What the terminal says, in both languages."""

from eatorch.languages import Language

__all__ = ["say"]

_WORDS: dict[str, tuple[str, str]] = {
    "header": (
        "Save this file: the window that runs `eatorch practice` checks it at once.",
        "保存这个文件，运行着 `eatorch practice` 的窗口就会立刻检查它。",
    ),
    "given": (
        "The lesson made these; its code is in lesson.py beside this file.",
        "这些是课文里做好的，代码在旁边的 lesson.py 里。",
    ),
    "lesson": (
        "The code of the lesson, for the exercises that go on from it.",
        "这一课的代码，供接着它往下做的练习使用。",
    ),
    "written": (
        "{count} exercises are in {folder}; {kept} files of yours stay as they are.",
        "{folder} 里有 {count} 道练习；你已有的 {kept} 个文件保持原样。",
    ),
    "keys": (
        "Keys, each followed by Enter: h hint, s solution, c check again, n next, "
        "p previous, q quit",
        "按键后回车：h 提示，s 答案，c 再检查一次，n 下一题，p 上一题，q 退出",
    ),
    "now": ("Now: {title}\n     {path}", "现在：{title}\n      {path}"),
    "hint": ("Hint {index} of {count}: {text}", "提示 {index}/{count}：{text}"),
    "no_hint": (
        "That were all hints; s shows the solution.",
        "提示都看过了，按 s 看答案。",
    ),
    "solution": ("A solution:", "参考答案："),
    "waiting": ("○ {number}  Not answered yet", "○ {number}  还没有作答"),
    "slow": (
        "✗ {number}  Still running after {limit:g} seconds, so it was stopped. "
        "Look for a loop that never ends.",
        "✗ {number}  运行了 {limit:g} 秒还没有结束，已经停掉。"
        "看看有没有停不下来的循环。",
    ),
    "crashed": (
        "✗ {number}  The file stopped before the check:\n{told}",
        "✗ {number}  文件还没运行到检查就中断了：\n{told}",
    ),
    "silent": (
        "✗ {number}  The file ran, but nothing was checked. Its last line should be "
        'eatorch.check("{number}", …).',
        "✗ {number}  文件运行完了，但什么也没有检查。最后一行应当是 "
        'eatorch.check("{number}", …)。',
    ),
    "gone": (
        "{path} is gone. Start again to get a new one.",
        "{path} 不见了。重新启动就会得到一份新的。",
    ),
    "running": ("… {number}", "… {number}"),
    "all_done": (
        "All exercises are done. Well done!",
        "所有练习都完成了，真棒！",
    ),
    "damaged": (
        "{path} can't be read, so the progress starts anew; the old file is kept as "
        "{kept}.",
        "{path} 读不出来，进度重新开始记；旧文件保留为 {kept}。",
    ),
    "unknown_key": ("{typed!r} is no key.", "没有 {typed!r} 这个按键。"),
    "bye": ("See you.", "再见。"),
}


def say(key: str, language: Language, **values: object) -> str:
    """Return a message in a language.

    Args:
        key: Which message.
        language: ``"en"`` or ``"zh"``.
        **values: What stands in its braces.

    Example:
        >>> say("bye", "zh")
        '再见。'
    """
    return _WORDS[key][language == "zh"].format(**values)
