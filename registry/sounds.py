"""What else a name typed in pinyin may be, by ear: in Chongqing 王秀英 is heard as wan xiu yin, 黄 as fang.

Heard alike are zh and z, ch and c, sh and s, n and l, h and f, and n and ng at the end.
"""

from functools import cache, lru_cache
from itertools import islice, product
from math import prod

_FINALS = {
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu ong ou u uan un uo v ve",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ao ei en eng o u",
    "": "a ai an ang ao e ei en er o ou",
}
_SYLLABLES = frozenset(initial + final for initial, finals in _FINALS.items() for final in finals.split())
_AS_F = {
    "hua": "fa",
    "huan": "fan",
    "huang": "fang",
    "hui": "fei",
    "hun": "fen",
    "hong": "feng",
    "huo": "fo",
    "hu": "fu",
}
_INITIALS = {"z": "z", "c": "c", "s": "s", "n": "l", "h": "f"}
# The readings of 重, 长, 朝, 传, 盛, 曾, 乐 and 行, which in a name may be either: nobody but its bearer knows.
_READINGS = (
    ("chong", "zhong"),
    ("chang", "zhang"),
    ("chao", "zhao"),
    ("chuan", "zhuan"),
    ("sheng", "cheng"),
    ("zeng", "ceng"),
    ("le", "yue"),
    ("xing", "hang"),
)

_LETTERS = 30  # of a name that is looked at
_DIVISIONS = 4  # of letters into syllables: xian is 先 or 西安
_MOST = 64  # spellings of one division


@lru_cache(maxsize=1000)  # one name is searched for letter by letter, and as it is typed by several
def heard_alike(letters: str) -> tuple[str, ...]:
    """What is heard like a name of two syllables or more, the name itself not among them: no more than a few
    hundred, the nearest when there are more. Nothing for whatever is no pinyin.
    """
    found: dict[str, None] = {}
    for syllables in _divided(letters) if len(letters) <= _LETTERS else ():
        if len(syllables) > 1:
            choices = [list(_alike(syllable)) for syllable in syllables]
            while prod(map(len, choices)) > _MOST:
                max(choices, key=len).pop()
            found |= dict.fromkeys(map("".join, product(*choices)))
    return tuple(each for each in found if each != letters)


def _divided(letters: str) -> list[tuple[str, ...]]:
    """Into syllables, the longest first."""
    ways: list[list[tuple[str, ...]]] = [[] for _ in letters] + [[()]]
    for start in reversed(range(len(letters))):
        longest_first = range(min(6, len(letters) - start), 0, -1)
        divided = (
            (letters[start : start + length], *rest)
            for length in longest_first
            if letters[start : start + length] in _SYLLABLES
            for rest in ways[start + length]
        )
        ways[start] = list(islice(divided, _DIVISIONS))
    return ways[0]


@cache
def _alike(syllable: str) -> tuple[str, ...]:
    """Itself, then what differs in one of its two halves, then the others."""
    heard = {each for each in _SYLLABLES if _heard(each) == _heard(syllable)}
    heard |= {other for pair in _READINGS if syllable in pair for other in pair}
    return tuple(sorted(heard, key=lambda each: (each != syllable, _differing(each, syllable), each)))


def _differing(one: str, other: str) -> int:
    return sum(mine != theirs for mine, theirs in zip(_halves(one), _halves(other), strict=True))


def _heard(syllable: str) -> tuple[str, str]:
    initial, final = _halves(_AS_F.get(syllable, syllable))
    if final.endswith(("ang", "eng", "ing")):
        final = final[:-1]
    return _INITIALS.get(initial[:1], initial), final


def _halves(syllable: str) -> tuple[str, str]:
    initial = syllable[:2] if syllable[1:2] == "h" else syllable[:1]
    return (initial, syllable[len(initial) :]) if initial in _FINALS else ("", syllable)
