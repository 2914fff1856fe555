"""Click speaks Chinese: its own few sentences, translated where it looks them up."""

from __future__ import annotations

import click

_TEXTS = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示这段说明。",
    "Show the version and exit.": "显示版本号。",
    "%(prog)s, version %(version)s": "%(prog)s %(version)s 版",
    "Aborted!": "已中止。",
    "Error: {message}": "错误：{message}",
    "Try '{command} {option}' for help.": "运行 {command} {option} 查看说明。",
    "Invalid value: {message}": "取值不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的取值不对：{message}",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing command.": "请写明要执行的命令。",
    "No such option {name!r}.": "没有选项 {name}。",
    "No such command {name!r}.": "没有命令 {name}。",
    "Option {name!r} does not take a value.": "选项 {name} 不带取值。",
    "Option {name!r} requires an argument.": "选项 {name} 后面要写取值。",
    "Got unexpected extra argument ({args})": "多出了参数：{args}",
    "Got unexpected extra arguments ({args})": "多出了参数：{args}",
    "{value!r} is not a valid {number_type}.": "“{value}”不是数字。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 内。",
    "{value!r} is not {choice}.": "“{value}”应为 {choice}。",
    "{value!r} is not one of {choices}.": "“{value}”应为 {choices} 之一。",
    "Choose from:\n\t{choices}": "可选：{choices}",
    "{name} {filename!r} does not exist.": "{name}“{filename}”不存在。",
    "{name} {filename!r} is a file.": "{name}“{filename}”是文件，不是目录。",
    "{name} {filename!r} is a directory.": "{name}“{filename}”是目录，不是文件。",
    "{name} {filename!r} is not readable.": "{name}“{filename}”不可读。",
    "{name} {filename!r} is not writable.": "{name}“{filename}”不可写。",
    "Could not open file {filename!r}: {message}": "打不开文件“{filename}”：{message}",
    "Do you want to continue?": "要继续吗？",
    "file": "文件",
    "directory": "目录",
    "path": "路径",
    "default: {default}": "默认：{default}",
    "required": "必填",
    "Did you mean {possibility}?": "是不是想写 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（是不是想写：{possibilities}？）",
    "(Possible options: {possibilities})": "（相近的选项：{possibilities}）",
}
_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")


def translate(text: str) -> str:
    """Click's sentence in Chinese, or as it was."""
    return _TEXTS.get(text, text)


def _plural(one: str, many: str, count: int) -> str:
    return translate(one if count == 1 else many)


def install() -> None:
    """Replaces the names under which click's modules look their sentences up.

    Click asks gettext, which follows the language of the terminal; the platform speaks Chinese
    in every terminal. Where a later click drops such a name, English shows and nothing breaks.
    """
    for name in _MODULES:
        module = getattr(click, name, None)
        if module is None:
            continue
        if hasattr(module, "_"):
            setattr(module, "_", translate)  # noqa: B010
        if hasattr(module, "ngettext"):
            setattr(module, "ngettext", _plural)  # noqa: B010
