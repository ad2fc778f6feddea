"""How a Chinese name is typed on a Latin keyboard, with surnames read as surnames are."""

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

# Surnames that are read otherwise than the character mostly is, and those whose bearers differ.
_SURNAMES = {
    "卜": ("bu",),
    "不": ("fou",),
    "单": ("shan",),
    "解": ("xie",),
    "仇": ("qiu",),
    "曾": ("zeng",),
    "翟": ("zhai", "di"),
    "盖": ("ge", "gai"),
    "查": ("zha",),
    "区": ("ou",),
    "朴": ("piao",),
    "覃": ("qin", "tan"),
    "乐": ("yue", "le"),
    "黑": ("he",),
    "员": ("yun",),
    "折": ("she",),
    "洗": ("xian",),
    "缪": ("miao",),
    "尉": ("wei", "yu"),
    "蔚": ("yu", "wei"),
    "郗": ("xi", "chi"),
    "句": ("gou",),
    "柏": ("bai", "bo"),
    "薄": ("bo",),
    "牟": ("mou", "mu"),
    "繁": ("po",),
    "阚": ("kan",),
    "能": ("nai",),
    "都": ("du",),
    "祭": ("zhai",),
    "谌": ("chen", "shen"),
    "种": ("chong",),
    "莘": ("shen", "xin"),
    "乜": ("nie",),
    "隗": ("wei", "kui"),
    "秘": ("bi",),
    "费": ("fei", "bi"),
    "郇": ("xun", "huan"),
    "宓": ("mi", "fu"),
    "么": ("yao",),
    "晟": ("cheng",),
    "召": ("shao",),
    "佴": ("nai",),
    "藏": ("zang",),
    "重": ("chong",),
    "吁": ("yu",),
    "隽": ("juan",),
    "燕": ("yan",),
}
# What the characters of a given name that are read in two ways begin with: nobody but its bearer knows.
_BEGINNINGS = {
    "重": "zc",
    "长": "cz",
    "朝": "cz",
    "传": "cz",
    "盛": "sc",
    "晟": "sc",
    "乐": "ly",
    "行": "xh",
    "曾": "zc",
    "单": "ds",
    "解": "jx",
    "藏": "cz",
    "茜": "qx",
    "省": "sx",
    "奇": "qj",
    "校": "xj",
    "莘": "xs",
    "筠": "yj",
    "澄": "cd",
    "调": "td",
    "参": "cs",
    "禅": "cs",
}
_OTHERWISE = 2  # initials of one name at most that are read so
_COMPOUND = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文"
        "司徒鲜于司空闾丘亓官司寇子车呼延南门东郭西门百里令狐万俟单于第五拓跋完颜纳兰轩辕羊舌微生",
    )
)
_TONES = frozenset("\u0304\u0301\u030c\u0300")  # the first to the fourth, as combining marks
_FIGURES = re.compile(r"(?<=[a-zü]{2})[1-5](?![0-9])")
_VARIANTS = 6  # of one name at most
_PIECES = re.compile(r"[a-z0-9ü]+|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")

Syllables = tuple[str, ...]


@lru_cache(maxsize=20_000)  # of a whole sheet: names come again, given names all the time
def spellings(name: str) -> tuple[Syllables, ...]:
    """Every way a folded `name` is likely to be typed, in syllables, the likeliest first: shan-xiu-ying, and
    dan-xiu-ying by those who do not know. Latin words stay as they are; ü is typed v.
    """
    surname, given = split_name(name)
    surnames = [*((reading,) for reading in _SURNAMES.get(surname, ())), _syllables(surname)]
    # 长乐 is read as a word or as two names of one character each: nobody but its bearer knows.
    by_character = tuple(syllable for piece in re.findall(r"[a-z0-9ü]+|.", given) for syllable in _syllables(piece))
    found = dict.fromkeys(head + tail for head, tail in product(surnames, (_syllables(given), by_character)))
    return tuple(syllables for syllables in found if syllables)[:_VARIANTS]


def other_initials(name: str) -> tuple[str, ...]:
    """Of a folded Chinese name whose given name may be read otherwise: 邓重桂 is dzg, and as well dcg."""
    surname, given = split_name(name)
    if _BEGINNINGS.keys().isdisjoint(given):
        return ()
    usual = "".join(syllable[0] for syllable in spellings(name)[0])
    if len(usual) != len(name):  # there is more in it than characters, or one that has no reading
        return ()
    other = (
        usual[:place] + letter + usual[place + 1 :]
        for place, character in enumerate(given, len(surname))
        for letter in _BEGINNINGS.get(character, "")
        if letter != usual[place]
    )
    return tuple(islice(other, _OTHERWISE))


def toneless(text: str) -> str:
    """Folded pinyin without its tones, written as marks or as figures: `xiù yīng`, `xiu4 ying1`."""
    plain = "".join(each for each in unicodedata.normalize("NFD", text) if each not in _TONES)
    return _FIGURES.sub("", unicodedata.normalize("NFC", plain))


def split_name(name: str) -> tuple[str, str]:
    """Surname and given name of a Chinese name; of any other the first word and the rest."""
    words = name.replace("·", " ").split()
    if len(words) != 1:
        return (words[0], " ".join(words[1:])) if words else ("", "")
    if not is_han(name[0]):
        return name, ""
    length = 2 if name[:2] in _COMPOUND and len(name) > 2 else 1
    return name[:length], name[length:]


def is_han(character: str) -> bool:
    """Whether it is a Chinese character, those of the rare planes included."""
    return "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"


@lru_cache(maxsize=20_000)
def _syllables(text: str) -> Syllables:
    from pypinyin import (
        lazy_pinyin,  # its dictionaries take a third of a second to load: not every command reads names
    )

    found: list[str] = []
    for piece in _PIECES.findall(text):
        found += [piece] if not is_han(piece[0]) else lazy_pinyin(piece, errors="ignore")
    return tuple(syllable.replace("ü", "v") for syllable in found)
