"""Words after which nothing else matters: somebody may be in danger from a product.

Matched on the folded text, in both languages. They are wide on purpose: a person who looks once for
nothing costs little. What only sounds like danger (a light that is on, points that ran out) is cut
out before.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text import clean, fold, squeeze

# Endings of a verb in the past, as heard, and going on: yandi, yanmis, yaniyor.
_ENDS: Final = r"(?:d[iu]|t[iu]|m[iu]s|[iu]yo)"
_ADVERBS: Final = (
    r"(?:(?:cok|hala|birden|bir|anda|surekli|hafif|hafiften|resmen|az|daha|kalsin|neredeyse|fena"
    r"|kotu|gece|simdi|bugun|dun|az once|icten|alttan|iyice) )*"
)
_DEVICE: Final = (
    r"(?:cihaz|makin[ea]|alet|urun|priz|fis|kablo|adaptor|pil|batarya|sarj|soket|duy|utu|robot"
    r"|supurge|motor|kettle|isitici|blender|fritoz|airfryer|powerbank|telefon|kulaklik|devre"
    r"|battaniye|degirmen|ogutucu|televizyon|buzdolabi)\w* "
)
_BODY: Final = (
    r"(?:el(?:im|i|ler|leri)|parma[gk]|yuz(?:um|u)|kol(?:um|u)|bacag|ayag|dil(?:im|i)\b|agz|dudag"
    r"|cil[td](?:im|i)|ten(?:im|i)|goz(?:um|u)|saclar|saci|cocu[gk]|bebe[gk]|kizim|oglum)\w* "
)
_LIGHT: Final = (
    r"(?:isi[gk]|lamba|led|ekran|gosterge|ampul|far|sinyal|buton|dugme|tus|fener|avize|kirmizi"
    r"|yesil|mavi|sari|turuncu|beyaz|mor)"
)
_HARMLESS: Final = re.compile(
    r"\b(?:"
    # lights that are on, or burnt out
    rf"{_LIGHT}\w* (?:(?:isi[gk]|lamba|led|kirmizi|yesil|mavi|sari|turuncu|surekli|hala|hep|bir|iki"
    r"|cok|yine|niye|neden|da|de)\w* )*yan\w*|lights? (?:is |are |keeps? )?burning"
    # money, points and metaphors
    r"|(?:para|puan|hak|kupon|bilet|ic(?:im|imiz|i)\b)\w* yan\w*"
    r"|(?:kart|para|jeton)\w* yut\w*|(?:ise|isten|borca|mesaja|soruya|kahkahaya) bogul\w*"
    # parcels and things that burst, products that are named so
    r"|(?:koli|kutu|paket|poset|ambalaj|lastik|dikis|fermuar|balon|satis|kod|kupon"
    r"|siparis|limit)\w* (?:\w+ ){0,2}patla\w*"
    r"|patlamis misir|yangin (?:sondur|tup|alarm|merdiven|dedektor|battaniye)\w*"
    r"|alev (?:hanim|bey|desen|model|reng|kirmizi)\w*|dumanli|duman (?:reng|gri)\w*"
    r"|yanik (?:turuncu|reng|ton|kahve)\w*|fire (?:ver|oran|pay)\w*"
    r"|fire (?:sticks?|tv|pits?|hd|extinguishers?|alarms?|tablets?|resist\w*|retard\w*|proof)"
    r"|smoke(?:d)? (?:gr[ea]y|glass|colou?rs?|detectors?|alarms?|free|black)"
    r"|(?:no|non) smok\w+|(?:chocolate|ice cream|candle|cheese)\w* (?:\w+ )?melt\w*"
    r"|(?:colou?rs?|dye|ink) (?:\w+ )?bleed\w*|allergy (?:friendly|free)"
    r")"
)
_WORDS: Final = (
    # smoke, fire, sparks, explosion
    r"duman", r"yangin(?:i|a|dan)?\b", r"alev(?:ler|leri|i)?\b", r"alevlen", rf"tutus{_ENDS}",
    r"kivilcim", r"patla(?:d|mis|yacak|ma\b)", r"patliyo", r"infilak",
    r"smok(?:e|es|ing|ed|y)\b", r"fire\b", r"flames?\b", r"spark(?:s|ed|ing)?\b", r"explo(?:d|s)",
    r"blew up\b",
    # electric shock
    r"(?:elektrik|akim|ceyran|cereyan)\w* (?:\w+ )?carp", r"carpil(?:di|mis|iyo)",
    rf"{_DEVICE}(?:(?:beni|bizi|elimi|surekli|hafif|cok|hep|resmen|esimi|annemi) )*carp{_ENDS}",
    r"(?:beni|bizi|elimi|(?:cocu[gk]|bebe[gk]|kizim|oglum|esim|annem|babam)\w*) "
    rf"{_ADVERBS}(?:elektrik )?carp{_ENDS}",
    r"elektrik (?:kacag|kacir|kaciriyo)", r"elektrik (?:veriyor?|verdi|vermis)\b",
    r"kacak (?:akim|var|yapiyo)", r"kisa devre", r"short circuit",
    r"(?:electric|electrical) shock", r"shock(?:ed|s) (?:me|him|her|us|my)\b",
    r"(?:got|gets?|gave|gives?|getting|had) (?:me |him |her |us )?(?:an? )?(?:\w+ )?shock",
    r"electrocut", r"zap(?:ped|s|ping)\b",
    # gas
    r"gaz\w* (?:kok|kacag|kacir|kaciyo|siz)", r"gas (?:smell|leak)", r"leaking gas",
    r"smell(?:s|ed|ing)? (?:of |like )?(?:gas|burn)", r"karbonmonoksit", r"carbon monoxide",
    # burns, and parts that burn, melt or swell
    r"yanik\b", r"yanik kok", r"yandim\b", r"haslandi", r"haslanmis",
    rf"{_BODY}(?:\w+ )?(?:yan{_ENDS}|yakti|yakiyo|yakmis|hasla)",
    rf"{_DEVICE}{_ADVERBS}(?:yan{_ENDS}|eri(?:di|mis|yo)|sis(?:ti|mis|iyo|kin))",
    rf"(?:ev|mutfak|perde|hali|koltuk|yatak|masa|oda)(?:m|im|imiz|miz|si|lar)? yan{_ENDS}",
    r"(?:ev|mutfak|oda)(?:i|im?izi|imi|si|sini|yi)? yak(?:acak|iyo|mis|ti\b)",
    r"plasti\w+ (?:\w+ )?eri(?:di|mis|yo)", r"melt(?:ed|ing|s)\b",
    r"burn(?:ing|t|ed|s|ts)? (?:smell|plastic|my|his|her|our|hand|finger|skin|me\b)",
    r"(?:is|was|are|it s|its|started|keeps) burning\b", r"burnt (?:my|his|her|our|hand)",
    r"batter(?:y|ies) (?:\w+ )?(?:swollen|swell\w*|swelled|bulg\w+|leak\w*|expand\w*|explod\w*)",
    r"(?:swollen|bulging|leaking) batter",
    # bodies
    r"alerji\w* (?:yapti|yapiyo|yapmis|oldu|olmus|gecir|reaksiyon|cikti|azdi|tuttu|basladi)",
    r"alerjik (?:reaksiyon|sok)",
    r"(?:kasinti|kizariklik|kabarti|dokuntu)\w* (?:yapt|yapiyo|yapmis|oldu|cikti)",
    r"allergic (?:reaction|shock)", r"(?:a|bad|skin) rash\b",
    r"yut(?:tu|mus|uyo|acak|arsa)", r"swallow(?:ed|ing)\b", r"zehirlen", r"poison(?:ed|ing)\b",
    r"bogul(?:du|uyo|mus|acak)", r"bogazi\w* (?:tikan|kac)",
    r"nefes(?:i|im|ini)? (?:al[ae]m|darli|tikan|daral)", r"suffocat",
    r"chok(?:ed|es|ing)\b", r"(?:can ?not|can ?t|couldn ?t|could not|hard to|trouble) breath",
    r"kaniyo", r"kanama(?:si|m)?\b", rf"{_BODY}(?:\w+ )?(?:kana(?:di|mis)|kes(?:ti|ildi|mis|iyo))",
    r"bleed(?:ing|s)?\b", r"bled\b", r"yaralan(?:di|mis|iyo)", r"injur(?:ed|y|ies)\b",
    r"hastaneye(?! (?:\w+ ){0,2}(?:gonder|teslim|getir|yolla|kargo|birak|gelsin|gelecek|geldi))",
    r"hastanelik", r"hastanede (?:yat|kal)", r"ambulan(?:s|ce)", r"acil servise?\b",
    r"(?:went|go|going|gone|taken|took|rushed|been|ended up|am|are|is) (?:\w+ ){0,3}hospital\b",
)  # fmt: skip
_DANGER: Final = re.compile(rf"\b(?:{'|'.join(_WORDS)})")


def is_dangerous(*texts: str | None) -> bool:
    """Tell whether any of the texts speaks of fire, shock, gas, burns, poisoning or an injury."""
    return any(_DANGER.search(_HARMLESS.sub(" ; ", _words(text))) for text in texts if text)


def _words(text: str) -> str:
    """Return the folded words with single blanks; what ended a sentence stays apart."""
    folded = squeeze(fold(clean(text))).replace("'", " ")
    return re.sub(r"\s+", " ", re.sub(r"[^a-z0-9 ]+", " ", re.sub(r"[.!?\n]+", " ; ", folded)))
