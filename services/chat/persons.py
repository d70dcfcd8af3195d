"""The age and the household that a message tells of the one person it is about.

"67세 어머니 혼자 사세요" tells both of the mother; "저는 40대이고 어머니는 혼자 사세요" tells of two people, so nothing is taken.
"""

from __future__ import annotations

import re
from enum import StrEnum

_START = r"(?<![가-힣\d])"

_PARENTS = r"(?:친정|시|외|장)?(?:할머니|할아버지|어머니|어머님|아버지|아버님|엄마|아빠|모친|부친|노모|장모님?|장인|부모님?|어르신|시모|할매|할배)"
_OTHERS = (
    r"(?:남편|아내|와이프|집사람|영감|할멈|동생|누나|오빠|언니|형님?|삼촌|이모|고모|이웃|옆집|윗집|아랫집|친구|지인|사위|[며메]느리|메누리|"
    r"아저씨|아주머니|아줌마|총각|단골|손님|노인분|어떤\s분)"
)
_CHILDREN = r"(?:아이|애기|아기|애|자녀|아들|딸|손주|손자|손녀|남매|형제|자매|아들딸|쌍둥이|조카)"
_PERSON = re.compile(rf"({_PARENTS}|{_OTHERS})")
_WITH = r"(?:님)?(?:와|과|랑|이랑|하고|를?\s?모시|을?\s?모시)"
# Said of whom it is not about: those lived with, those gone.
_ASIDE = re.compile(rf"{_WITH}|(?:이|과|와|하고)?\s?(?:없이|없고|없는|떠나|죽|돌아가|사별|이혼|헤어)")
_GROWN_CHILD = re.compile(r"(?<![가-힣])(?:큰|작은|우리\s)?(?:아들|딸|아덜|아드님|따님)(?:이|가|은|도)\s")
_SELF = re.compile(r"(?<![가-힣])(?:저는|제가|저도|나는|내가|나도|저\s혼자|저희\s?부부|본인은?|난\s|저\s)")
# "제가 대신 신청하려고요": whoever says so is not whom it is about.
_FOR_SOMEBODY = re.compile(
    r"\s?(?:대신|모시|돌보|챙기|신청|여쭤|여쭙|문의|물어|알아보|도와|직장|멀리|일하느라|일을|회사)"
)

_NATIVE = (
    r"(?:스물|서른|마흔|쉰|예순|일흔|여든|아흔)(?:\s?(?:하나|한|둘|두|셋|세|넷|네|다섯|여섯|일곱|여덟|아홉))?(?:\s?살)?"
)
_SINO = r"[이삼사오육칠팔구]십[일이삼사오육칠팔구]?\s?(?:세|살)"
_DECADE = r"(?:[2-9]0|[이삼사오육칠팔구]십)\s?대(?:\s?(?:초반|중반|후반))?"
_AGE = re.compile(
    rf"{_START}(?:올해\s)?(?P<age>(?:만\s?)?(?:(?P<years>\d{{2}})\s?(?:세|살)|{_DECADE}|{_NATIVE}|{_SINO}|(?:19)?[2-9]\d년생))"
)
# What follows the age of a person ...
_OF_SOMEBODY = re.compile(
    r"\s?(?:입니다|이에요|이예요|예요|에요|인데|이고|이시고|이신데|이세요|이십니다|이라|이며|이구|시고|세요|셔|되셨|됐|되었|이요|이여|인\s|이신|이|의|된|먹은|"
    r"되신|되는|노인|어르신|할머니|할아버지|어머니|아버지|엄마|아빠|부모|남편|아내|노모|노부|남성|여성|남자|여자|주부|혼자|홀로|독거|부부|청년|직장인|무직|"
    r"미혼|홀아비|(?:저희|우리)\s|[가-힣]{2,6}(?:입니다|이에요|예요|인데|이고)|,|\.|$)"
)
# ... and an age of the rules, or of a child or grandchild that is writing.
_OF_RULES = re.compile(
    r"\s?(?:이상|이하|미만|부터|까지|넘|초과|전|이전|이후|되면|되어야|되야|돼야|이면|면\s|기준|인가|이\s되|가\s되|에\s|때|대상|도\s|만\s|사이|쯤|정도|밖에|"
    r"보다|부턴|뿐|분들|이\s지나|이\s넘|손[녀자]|아들|딸)"
)
_NOT_YET = re.compile(
    r"몇\s?(?:살|세)|나이\s?(?:제한|기준|조건)|연령\s?(?:제한|기준|조건)|생일|생신|되던|되는\s(?:해|달|날)|돼\s?가"
)
_OF_COMPANION = re.compile(rf"\s?(?:된|되신|먹은|인|이신)?\s?(?:{_PARENTS}|{_OTHERS}|{_CHILDREN}){_WITH}")
_ADULT = 19

_LIVES = (
    r"\s?(?:같이|함께|둘이|단둘이|만)?\s?(?:사는|살고|살아|삽니다|산다|산께|산디|사요|사우|사시|사세|사셔|사십|살며|살면서|산\s지|지내|계시|계세|계십|계신|"
    r"거주|생활)"
)
_COUNT = r"(?:하나|둘|셋|넷|다섯|한\s?명|두\s?명|세\s?명|네\s?명|[1-6]\s?명)"
_TOGETHER = r"(?:저\s)?(?:단\s?둘이|둘이서?|셋이서?|넷이)"
_SIZES = r"(?:(?:두|세|네|다섯|여섯|[2-8])\s?식구|(?:[1-8]|일|이|삼|사|오)\s?인\s?(?:가구|가족)|독거\s?노인|(?:조손|모자|부자)\s?가정|맞벌이\s?부부)"
_HOUSEHOLDS = (
    re.compile(rf"{_START}(?P<told>혼자|홀로)(?:서|만)?{_LIVES}(?!던|았|다가)"),
    re.compile(
        rf"{_START}(?P<told>{_CHILDREN}(?:가|이|들)?\s?{_COUNT})(?:과|와|이랑|하고|을|를)?\s?(?:\S{{1,4}}\s)?"
        r"(?:살|사는|삽|키우|키워|키웁|기르|데리|있|이에|예요|입니다|인데|이고|인\s)"
    ),
    re.compile(
        rf"{_START}(?P<told>(?:{_PARENTS}|{_OTHERS}|{_CHILDREN})(?:님)?(?:와|과|이랑|랑|하고)\s?{_TOGETHER})만?{_LIVES}"
    ),
    re.compile(rf"{_START}(?P<told>(?:노?부부|두\s?식구)(?:\s?(?:둘이|단둘이|두\s?사람|만))?)(?:서|이|가)?{_LIVES}"),
    re.compile(
        rf"{_START}(?P<told>{_SIZES})\s?(?:이고|고(?![가-힣])|고요|구요|인데|입니다|이에요|예요|이라|이며|가\s?(?:살|삽|사는)|로\s?살)"
    ),
)


class Subject(StrEnum):
    SELF = "self"
    PARENT = "parent"


def subject(text: str) -> Subject | None:
    """The one person that a message is about; None for somebody else, or for more than one.

    Children, and those whom somebody lives with (어머니와 둘이 살아요), belong to the household.
    """
    selves = [match for match in _SELF.finditer(text) if not _FOR_SOMEBODY.match(text, match.end())]
    people = {match.group(1) for match in _PERSON.finditer(text) if not _ASIDE.match(text, match.end())}
    if not people:
        return Subject.SELF
    if selves or len(people) > 1:
        return None
    return Subject.PARENT if re.fullmatch(_PARENTS, people.pop()) else None


def age(text: str) -> str | None:
    if _NOT_YET.search(text) or subject(text) is None:
        return None
    ages = [match for match in _AGE.finditer(text) if match["years"] is None or int(match["years"]) >= _ADULT]
    if len(ages) != 1:
        return None
    told, end = ages[0]["age"], ages[0].end()
    of_rules, of_companion = _OF_RULES.match(text, end), _OF_COMPANION.match(text, end)
    return told if _OF_SOMEBODY.match(text, end) and not of_rules and not of_companion else None


def household(text: str) -> str | None:
    """Who lives together, if only one household is spoken of."""
    if subject(text) is None or _GROWN_CHILD.search(text):
        return None
    told = {match["told"] for pattern in _HOUSEHOLDS for match in pattern.finditer(text)}
    return told.pop() if len(told) == 1 else None
