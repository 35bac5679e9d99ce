"""Threats, bare insults, and children: small lists on the folded text, in both languages."""

from __future__ import annotations

import re
from typing import Final

from bot.text import clean, fold, squeeze

# "… I do", "… we shall": a threat is what the writer says of themselves, not of a product or a price.
_I: Final = r"(?:[aeiu]?r[iu][mz]|[ae]?c[ae](?:gi[mz]|[mz]))\b(?! diye)"
_THREAT: Final = re.compile(
    r"\b(?:"
    r"(?<!kendimi )oldur(?:uru[mz]|ece(?:gi[mz]|[mz])|ucem|icem|cem|mezsem)"
    rf"|gebert{_I}|bicakla{_I}|dov{_I}|vururu[mz] (?:sizi|seni|hepinizi)"
    r"|(?:sizi|seni|hepinizi|onu|onlari) (?:\w+ )?vur(?:uru[mz]|aca(?:gi[mz]|[mz]))"
    rf"|kafa(?:ni|nizi|larini|larinizi|na|niza) (?:\w+ )?(?:kir|kopar|sik|patlat|ez){_I}"
    rf"|(?:magaza|dukkan|ofis|ev|is ?yer|yerin)\w* (?:\w+ )?(?:yak|bas|patlat){_I}"
    rf"|bomba (?:koy|at|patlat)(?:{_I}|d[iu][mk]\b|t[iu][mk]\b)"
    r"|(?:senin|ev(?:in|inin|inizin)) adresini\w* biliyoru[mz]|^adresini\w* biliyoru[mz]"
    r"|nerede oturdugunu\w* biliyoru[mz]"
    rf"|cani(?:ni|nizi) (?:yak|al){_I}|kani(?:ni|nizi) (?:dok|ic){_I}"
    r"|(?:^|(?:i|we|i m|i am|we re|we are|im) (?:\w+ )?)(?:will|gonna|going to|ll|wanna|want to)"
    r" (?:find and )?(?:kill|murder|stab|shoot|hurt|beat)"
    r" (?:you|u|y all|all of you|them|him|her|your)\b"
    r"|ill (?:kill|murder|stab|shoot|hurt|beat) (?:you|u|them|him|her)\b"
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
    r"|serefsiz\w*|gerizekali\w*|aptal\w*|salak\w*|ahmak\w*|ibne\w*|yavsak\w*"
    r"|dangalak\w*|beyinsiz\w*|geber\w*|defol\w*|haysiyetsiz\w*|pislik\w*|oc"
    r"|fuck\w*|asshole\w*|idiots?|bitch\w*|morons?|stupid|dumb|bastards?|stfu|crap|shit\w*"
)
# Words of every day that are an insult when somebody is called so.
_MILD: Final = r"mal|it|itler|kopek(?:ler)?"
_CALLED: Final = (
    r"sen|siz|siniz|misin(?:iz)?|musun(?:uz)?|hepiniz|lan|ulan|herif\w*|oglu|evladi|cocugu"
)
_BESIDE: Final = (
    r"gi[td](?:in)?|lan|ulan|ya|be|sen|siz|siniz|misin(?:iz)?|musun(?:uz)?|hepiniz|hep|bir|bot|the|a|you"
    r"|u|off|are|your|is|this|kes|sesini|cocugu|cocuklari|geri|zekali|evladi|oglu|artik|allah|sizin"
    r"|senin|sizi|seni|robot|herif\w*|all|piece|of|up|shut|s"
)
_STRONG_WORD: Final = re.compile(_INSULT)
_MILD_WORD: Final = re.compile(_MILD)
_CALLED_WORD: Final = re.compile(_CALLED)
_BESIDE_WORD: Final = re.compile(f"{_BESIDE}|{_CALLED}")


def is_threat(text: str) -> bool:
    """Tell whether somebody says that they will hurt people of ours."""
    return bool(_THREAT.search(_words(text)))


def needs_care(text: str) -> bool:
    """Tell whether a child writes, or somebody who speaks of hurting themselves."""
    words = _words(text)
    return bool(_CHILD.search(words) or _HARM_TO_SELF.search(words))


def is_insult(text: str) -> bool:
    """Tell whether a message is an insult and nothing else."""
    words = _words(text).split()
    strong = [w for w in words if _STRONG_WORD.fullmatch(w)]
    mild = [w for w in words if _MILD_WORD.fullmatch(w)]
    rest = [w for w in words if w not in strong and w not in mild]
    if not all(_BESIDE_WORD.fullmatch(w) for w in rest):
        return False
    return bool(strong) or bool(mild and any(_CALLED_WORD.fullmatch(w) for w in rest))


def _words(text: str) -> str:
    folded = squeeze(fold(clean(text))).replace("'", " ")
    folded = re.sub(r"(?<=[a-z])[.*]+(?=[a-z])", "", folded)  # s*ktir, a.q
    return " ".join(re.findall(r"[a-z0-9]+", folded))
