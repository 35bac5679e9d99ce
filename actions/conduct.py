"""Threats, bare insults, and children: small lists on the folded text, in both languages."""

from __future__ import annotations

import re
from typing import Final

from bot.text import clean, fold, squeeze

_THREAT: Final = re.compile(
    r"\b(?:"
    r"(?<!kendimi )oldur(?:urum|uruz|ecegi[mz]|ece[mz]|ucem|icem|cem|mezsem)"
    r"|gebert(?:irim|iriz|ecegi[mz]|ecem|icem)|bicakla(?:rim|yacagi[mz])|vurac(?:agi[mz]|am)|vururum"
    r"|dove(?:rim|riz|cegi[mz]|cem)|kafa\w* (?:kirar|kiraca|kopar|sikar|sikaca)\w*"
    r"|(?:magaza|dukkan|ofis|ev|yer|is ?yer)\w* (?:yakar|yakac|basar|basac|patlat)\w*"
    r"|bomba (?:koy|at|patlat)\w*|adresini\w* biliyor\w*|nerede oturdugunu\w* biliyor\w*"
    r"|cani(?:ni|nizi) (?:yakar|yakac|alir|alac)\w*|kanini\w* (?:dok|ic)\w*"
    r"|(?:will|gonna|going to|ll|wanna|want to) (?:find and )?(?:kill|murder|stab|shoot|hurt|beat)"
    r" (?:you|u|y all|all of you|them|him|her|your)\b"
    r"|i know where (?:you|u) (?:live|work)|(?:burn|blow) (?:down |up )?your (?:shop|store|office|house)"
    r")"
)
_HARM_TO_SELF: Final = re.compile(
    r"\b(?:kendimi (?:oldur|asac|yakac)|intihar (?:ed|etm)|kill myself|end my life|suicide)"
)
_CHILD: Final = re.compile(
    r"\b(?:(?:[5-9]|1[0-7]) ?yasinda(?:yim|yiz)|(?:on )?(?:alti|yedi|sekiz|dokuz|bir|iki|uc|dort|bes)"
    r" yasindayim|resit degilim|18 yasindan kucug\w+|yasim (?:[5-9]|1[0-7])\b"
    r"|(?:i am|i m|im) (?:only |just )?(?:[5-9]|1[0-7])(?: years?(?: old)?\b| yo\b| and\b|$)"
    r"|(?:i am|i m|im) (?:a minor|underage)"
    r"|(?:annem|babam|ablam|abim)\w* (?:karti|parasi)\w* (?:gizli|izinsiz|habersiz|haber vermeden"
    r"|sormadan)\w*"
    r"|(?:mom|mum|mother|dad|father)s? s? ?card without (?:asking|telling|permission))"
)
_INSULT: Final = (
    r"s+i?k+t+i?r\w*|s2k\w*|sikeyim\w*|amk|aq|amq|mk|aminak\w*|orospu\w*|pic(?:ler|siniz|sin)?"
    r"|serefsiz\w*|gerizekali\w*|aptal\w*|salak\w*|ahmak\w*|mal|ibne\w*|yavsak\w*|it|kopek"
    r"|dangalak\w*|beyinsiz\w*|geber\w*|defol\w*|haysiyetsiz\w*|pislik\w*|oc"
    r"|fuck\w*|asshole\w*|idiots?|bitch\w*|morons?|stupid|dumb|bastards?|stfu|crap|shit\w*"
)
_BESIDE: Final = (
    r"gi[td](?:in)?|lan|ulan|ya|be|sen|siz|siniz|misin(?:iz)?|musun(?:uz)?|hepiniz|hep|bir|bot|the|a|you"
    r"|u|off|are|your|is|this|kes|sesini|cocugu|cocuklari|geri|zekali|evladi|oglu|artik|allah|sizin"
    r"|senin|sizi|seni|robot|herif\w*|all|piece|of|up|shut|s"
)
_ONLY_INSULT: Final = re.compile(rf"(?:(?:{_BESIDE}) )*(?:{_INSULT})(?: (?:{_INSULT}|{_BESIDE}))*")


def is_threat(text: str) -> bool:
    """Tell whether somebody says that they will hurt people of ours."""
    return bool(_THREAT.search(_words(text)))


def needs_care(text: str) -> bool:
    """Tell whether a child writes, or somebody who speaks of hurting themselves."""
    words = _words(text)
    return bool(_CHILD.search(words) or _HARM_TO_SELF.search(words))


def is_insult(text: str) -> bool:
    """Tell whether a message is an insult and nothing else."""
    return bool(_ONLY_INSULT.fullmatch(_words(text)))


def _words(text: str) -> str:
    folded = squeeze(fold(clean(text))).replace("'", " ")
    folded = re.sub(r"(?<=[a-z])[.*]+(?=[a-z])", "", folded)  # s*ktir, a.q
    return " ".join(re.findall(r"[a-z0-9]+", folded))
