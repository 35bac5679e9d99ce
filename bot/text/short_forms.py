"""Chat short forms and emoji of Turkish and English customers, as folded words.

Spoken spellings ("yapıcam") are not here: the training data teaches those. Short forms
that are ordinary words in the other language ("as", "u", "sn") are left alone on purpose.
"""

from __future__ import annotations

from typing import Final


def _pairs(table: str) -> dict[str, str]:
    """Read ``full form: short short short`` lines into short -> full."""
    pairs: dict[str, str] = {}
    for line in table.strip().splitlines():
        full, _, shorts = line.partition(":")
        pairs.update(dict.fromkeys(shorts.split(), full.strip()))
    return pairs


SHORT_FORMS: Final[dict[str, str]] = _pairs(
    """
    selam: slm slmlar slam
    selamun aleykum: sa selamunaleykum slmn
    merhaba: mrb mrbb mrhb meraba mrhaba merhb mrhba mrbalar
    ne haber: nbr naber nabr
    nasil: nsl nasl
    nasilsiniz: nslsnz nasilsnz nslsiniz
    gunaydin: gnydn gunaydn
    gunler: gnlr gnler gunlr
    aksamlar: aksmlr aksmlar
    tesekkurler: tsk tskler tskr tsklr teskkurler tesekkurlr tskkrlr tesekurler
    tesekkur ederim: tskederim tsekkurederim tskederm
    sag ol: sagol saol sol
    eyvallah: eyv eyw eywallah
    tamam: tmm tm tmam tamm tamamm
    tamamdir: tmmdir tmdir
    ok: okey okay okk oky
    evet: evt ewt ewet ewett evett
    hayir: hyr hayr hyir
    bir: bi br
    bir sey: bisi bisey bsy bise birsey
    bir de: bide
    bir daha: bidaha birdaha
    her sey: hersey
    ya da: yada
    ben: bn
    benim: bnm
    senin: snn
    nerede: nrd nrde nerd nerde nerdee
    nereden: nrden nerden
    zaman: zmn
    ne zaman: nzmn nzaman nezmn nezaman nzm
    niye: nie nye
    neden: ndn
    kac: kc kck
    kadar: kdr
    lutfen: ltf lfn lutfn ltfn lutfn lutfenn
    mesaj: msj mesj
    cevap: cvp cvb cvap
    telefon: tel tlf tlfn
    whatsapp: wp wsp wapp whatsap watsap watsapp whatsup
    instagram: insta
    siparis: sip sprs siprs sipars
    siparisim: sipm siprsm siparsm siparism
    urun: urn
    kargo: krg
    kargom: krgm
    takip: tkp
    numara: num nmr numra
    insallah: ins insallh
    kanka: knk
    canim: cnm
    kardes: krds kards
    degil: dgl deil degl
    simdi: smdi sindi
    yarin: yrn
    hakkinda: hk hkk
    dakika: dk
    maalesef: malesef mlsf
    ne oldu: noldu nooldu
    ne olacak: nolcak nolucak nolacak
    ne yapmam: napmam naapmam
    ne yapacagim: napcam napicam naapcam
    ne yapiyorsunuz: napiyosunuz napiyonuz
    kusura bakmayin: kbakmayin
    please: pls plz plss plzz pleas
    thanks: thx tnx thnx thanx tks
    thank you: ty thankyou
    you: yu
    by the way: btw
    because: coz cuz
    tomorrow: tmrw tmr tomorow
    message: msg
    number: nr nmbr
    """
)


def _emoji(table: dict[str, str]) -> dict[str, str]:
    """Turn word -> emoji characters into emoji -> word."""
    return {sign: word for word, signs in table.items() for sign in signs.split()}


# Skin tones, joiners and variation selectors fall away in folding, so the base is enough.
EMOJI_WORDS: Final[dict[str, str]] = _emoji(
    {
        "emojievet": "👍 👌 ✅ ✔ 🆗 ☑",
        "emojihayir": "👎 ❌ ✖ 🚫",
        "emojirica": "🙏",
        "emojikizgin": "😡 🤬 😤 😠 👿",
        "emojiuzgun": "😢 😭 💔 😞 😔 ☹ 🙁 😥",
        "emojibikkin": "🤦 🙄 😒 😑",
        "emojisevgi": "❤ 🥰 🌹 😊 😍 😘 💐 🤗 💕 💙 💜 🧡 💚 💛 ☺ 🙂",
        "emojidua": "🤲",
        "emojibekliyor": "⏳ ⌛ ⏰",
        "emojialkis": "👏 🎉 💯",
        "emojisaskin": "😳 😱 🤔 😮",
        "emojiyildiz": "⭐ 🌟 ★",
        "emojiselam": "👋",
    }
)
