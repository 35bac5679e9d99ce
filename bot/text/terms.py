"""Words out of small fixed lists: ``carrier``, ``payment_method``, ``channel``, ``remedy_wanted``.

Carriers come by the name that people read ("Yurtiçi Kargo"); the others by a key: channels sms,
email, whatsapp, phone, instagram, telegram, push; payment card, bank_transfer, cash_on_delivery, ...;
remedies exchange, refund, repair, discount.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.reading import Found, Reading

_E: Final = (
    r"(?:'?(?:[iu]n|n[iu]n|[yn]?[iu]|y?[ae]|d[ae](?:n|ki)?|t[ae](?:n|ki)?|y?l[ae]|nde"
    r"|s[iu]|c[iu]|l[iu]|lar|ler|ydi|mi|mu))?(?![a-z])"
)
_CARRIERS: Final = {
    "Yurtiçi Kargo": r"yurtici", "Aras Kargo": r"aras(?= kargo)", "DHL eCommerce": r"mng|dhl(?: ?ecommerce)?",
    "PTT Kargo": r"ptt(?: ?kargo)?", "Sürat Kargo": r"surat(?= kargo)", "UPS": r"ups(?= kargo)",
    "HepsiJET": r"hepsi ?jet", "Trendyol Express": r"trendyol ?e[xk]s?press?", "Kolay Gelsin": r"sendeo",
    "FedEx": r"fedex", "Horoz": r"horoz(?= (?:kargo|lojistik))", "CEVA": r"ceva(?= (?:kargo|lojistik))",
}  # fmt: skip
_CARRIER: Final = re.compile(
    "|".join(rf"(?P<c{i}>{p})" for i, p in enumerate(_CARRIERS.values())).join(
        (r"(?<![a-z'])(?:", r")(?: kargo)?" + _E)
    )
)
# Names that are other words too: with a capital (in a sentence or with a case), or where the
# message speaks of parcels.
_DOUBTFUL: Final = {
    "Aras Kargo": r"aras(?:'(?:ta|tan|a|in|i|la)|ta|tan|a|la)?",
    "Sürat Kargo": r"surat(?:'?(?:te|ten|e|in|i|le))?",
    "UPS": r"ups(?:'?(?:te|ten|e|in|le|ye|den|nin))?", "Yurtiçi Kargo": r"yurt ici|yk",
    "Trendyol Express": r"tex",
    "HepsiJET": r"hj",
    "Kolay Gelsin": r"kolay ?gelsin(?:'?(?:de|den|e|in|le)| kargo(?:'?(?:ya|dan|da|nun|yla))?)",
}  # fmt: skip
_DOUBTFUL_RE: Final = re.compile(
    "|".join(rf"(?P<d{i}>{p})" for i, p in enumerate(_DOUBTFUL.values())).join(
        (r"(?<![a-z'])(?:", r")(?![a-z'])")
    )
)
_PARCEL: Final = re.compile(
    r"kargo|takip|paket|kurye|parcel|courier|carrier|tracking|deliver|gonderi|teslim"
    r"|dagitim|sube"
)
_NAMED: Final = re.compile(r"(?:[Aa]d[ıi]m?|[İi]sm?im|[Ss]oy\w+|[A-ZÇĞİÖŞÜ]\w+) $")
_FIRM: Final = re.compile(r" (?:ile|gorevli|sube|disinda|kurye|firma|elemani|yerine|degil)")
_PAYMENT: Final = {
    "cash_on_delivery": (r"kapida (?:nakit )?(?:ode\w*|kart\w*|nakit)|cash on delivery|cod\b|pay (?:at"
        r"|on) (?:the )?(?:door|delivery)"),
    "gift_card": r"hediye (?:kart|cek)\w*|gift cards?|gift vouchers?",
    "meal_card": r"yemek kart\w*|sodexo\w*|multinet\w*|setcard\w*|ticket restaurant",
    "virtual_card": r"sanal kart\w*|virtual cards?",
    "debit_card": (r"banka kart\w*|debit(?: kart\w*| cards?)?|bankamatik kart\w*|prepaid cards?"
        r"|on odemeli kart\w*"),
    "card": (r"kredi kart\w*|credit cards?|kart(?:la|imla|imdan|tan| ile)|by card|visa|master ?card"
        r"|amex|troy kart\w*"),
    "bank_transfer": (r"havale(?:yle|y[ei]|den|nin|de|ler\w*)?|eft(?:'?(?:yle|ye|den|le|yi))?"
        r"|fast(?:'?la|(?= (?:ile|attim|yaptim|gonder)))|bank transfers?|wire transfer|swift"
        r"|[uü]berweisung"),
    "cash": r"nakit(?:le|en)?|pesin|cash(?! ?back)|in cash",
    "paypal": r"paypal", "apple_pay": r"apple pay", "google_pay": r"google pay",
    "wallet": r"dijital cuzdan\w*|digital wallet|papara|ininal|paycell",
    "crypto": r"kripto\w*|bitcoin|crypto", "cheque": r"\bcek(?:le| ile)|money orders?|cheque",
    "mail_order": r"mail order",
    "purchase_order": r"purchase orders?",
}  # fmt: skip
_CHANNEL: Final = {
    "sms": (r"sms(?:'?(?:ler|leri|lerini|lerine|le|i|e|ten|im)\w*)?|kisa mesaj\w*|texts?(?! (?:is"
        r"|was|on|in))|text messages?|texting"),
    "whatsapp": (r"(?:whats ?app?|watsap+|vatsap+|whatsap|wp|wapp)(?:'?(?:tan|ta|a|dan|da|im\w*|in|i|la"
        r"|ten|ye|den|yi))?"),
    "email": (r"(?:e ?-? ?mail|e ?-? ?posta|email|eposta|mail)(?! (?:order|adres|hesab"
        r"|address))(?:'?(?:s|ler\w*|l[ae]\w*|im\w*|in\w*|[ie]|den|de|ten|ye|yi|yla|ma|sini"
        r"|lar\w*|da\w*|si\w*))?(?! (?:adres|order|hesab|address))"),
    "instagram": r"(?:instagram|insta)(?:'?(?:dan|da|a|im))?", "telegram": r"telegram(?:'?(?:dan|da|a))?",
    "messenger": r"messenger\w{0,4}", "facebook": r"facebook\w{0,4}",
    "phone": (r"telefonla|telefon ile|telefonda|aramalar\w*|arama(?:nizi|yi|si|ma)?(?= (?:gel|ist"
        r"|yap|kapat|izn))|aramayin|phone calls?|by phone|over the phone|cold calls?"
        r"|calls(?= )"),
    "push": (r"push(?: (?:notifications?|bildirim\w*))?|(?:uygulama|anlik|mobil) bildirim\w*"
        r"|app notifications?"),
}  # fmt: skip
_REMEDY: Final = {
    "exchange": (r"degisim\w*|degistir(?:in|ilsin|elim|mek|ilmesini|ir m\w*|menizi|ebilir\w*)|(?:yenisi"
        r"|aynisi)(?:ni|yle|nden)?(?= (?:gonder|isti|yolla|verin|at))"
    r"|yenisi(?:yle| ile) degis\w*|replacements?|replace(?: it)?|new one|swap|exchange(?: it)?"),
    "refund": (r"para(?:mi|m|yi|min)?(?: ?(?:geri|iade))\w*(?: (?:iade\w*|ver\w*|ist\w*))?"
        r"|para iade\w*|bedel iade\w*|ucret iade\w*|(?:full |partial )?refunds?(?! (?:policy"
        r"|status))|money back"
    r"|iade(?= (?:istiyorum|etmek istiyorum|olsun|tercih|talep))"),
    "repair": r"tamir\w*|onar(?:im|in|ilsin|ilmasi|mak)\w*|repair(?:ed|s)?|fix(?:ed)? it",
    "discount": (r"ayip oraninda indirim|bedel(?:den|de) indirim|fiyat farki\w*|price (?:reduction"
        r"|adjustment)"),
}  # fmt: skip


def _compiled(words: dict[str, str], ending: str = r"(?![a-z])") -> re.Pattern[str]:
    body = "|".join(rf"(?P<{key}>{pattern})" for key, pattern in words.items())
    return re.compile(rf"(?<![a-z@.])(?:{body}){ending}")


_KEYED: Final = (
    ("payment_method", _compiled(_PAYMENT)),
    ("channel", _compiled(_CHANNEL)),
    ("remedy_wanted", _compiled(_REMEDY)),
)
_CARRIER_NAMES: Final = tuple(_CARRIERS)
_DOUBTFUL_NAMES: Final = tuple(_DOUBTFUL)


def find_terms(reading: Reading) -> list[Found]:
    """Return payment methods, channels and remedies, each kind in its order."""
    return [
        Found(entity, str(match.lastgroup), match.start(), match.end())
        for entity, pattern in _KEYED
        for match in pattern.finditer(reading.folded)
    ]


def find_carriers(reading: Reading) -> list[Found]:
    """Return ``carrier``; "kolay gelsin" is a greeting unless "kargo" or a case follows."""
    found = []
    for match in _CARRIER.finditer(reading.folded):
        name = _CARRIER_NAMES[int(str(match.lastgroup)[1:])]
        found.append(Found("carrier", name, match.start(), match.end()))
    for match in _DOUBTFUL_RE.finditer(reading.folded):
        if any(other.start <= match.start() < other.end for other in found):
            continue
        name = _DOUBTFUL_NAMES[int(str(match.lastgroup)[1:])]
        upper = reading.text[match.start()].isupper()
        told = _PARCEL.search(reading.folded) is not None or _is_alone(reading, match)
        if name == "Kolay Gelsin":
            told = _is_company(reading, match)
        elif name == "Aras Kargo" and _NAMED.search(reading.text, 0, match.start()):
            told = False  # "Umut Aras"
        elif name == "Aras Kargo" and upper and _FIRM.match(reading.folded, match.end()):
            told = True
        elif name in ("Aras Kargo", "Sürat Kargo"):
            told = told or (
                upper
                and (reading.capital(match.start()) or len(match.group()) > len(name.split()[0]))
            )
            if (
                name == "Sürat Kargo"
                and reading.turkish
                and reading.text[match.start() + 1] in "uU"
                and not upper
            ):
                continue  # "surat" is a face
        if told:
            found.append(Found("carrier", name, match.start(), match.end()))
    return found


def _is_company(reading: Reading, match: re.Match[str]) -> bool:
    """Tell whether "kolay gelsin" is the carrier: "kolay gelsin kargo nerede" begins by greeting."""
    words = match.group()
    if not words.endswith(("kargo", "gelsine", "gelsinle")):
        return "kargo" in words or _PARCEL.search(reading.folded) is not None
    written = reading.text[match.start() : match.end()]
    named = re.match(r" (?:ile|sube|takip|firma|\d)", reading.folded[match.end() :])
    return (
        bool(named)
        or sum(char.isupper() for char in written) in (2, 3)
        or _is_alone(reading, match)
    )


def _is_alone(reading: Reading, match: re.Match[str]) -> bool:
    return reading.folded.strip(" .!?") == match.group()
