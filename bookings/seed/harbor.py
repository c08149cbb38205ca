"""Harbor Family Practice, New York: the second demo clinic, on another clock."""

from datetime import date, time

from bookings.seed.content import Block, Clinician, DemoClinic, Person, Place, Visit
from bookings.seed.portraits import Face

WORKDAYS = (0, 1, 2, 3, 4)

VISITS = (
    Visit(
        "office-visit",
        "Office visit",
        20,
        "A new or ongoing concern.",
        bring="Your insurance card and a list of your medications.",
    ),
    Visit(
        "annual-physical",
        "Annual physical",
        40,
        "Your yearly check-up, with blood work if it is due.",
        bring="Your insurance card. Come fasting if you want blood work.",
        after=10,
    ),
    Visit(
        "well-child",
        "Well-child visit",
        30,
        "Growth, shots and all your questions.",
        bring="The vaccination record and a favorite toy.",
        after=10,
    ),
    Visit(
        "video",
        "Video visit",
        20,
        "From home or work. We send the link an hour before.",
        mode="video",
    ),
    Visit(
        "skin-exam",
        "Skin exam",
        30,
        "A head-to-toe look at moles and spots.",
        bring="Please come without make-up or nail polish.",
        after=10,
    ),
    Visit(
        "joint-visit",
        "Joint and bone visit",
        30,
        "Knees, hips, shoulders and what helps them.",
        bring="Any X-rays or MRI reports you have.",
        before=5,
        after=5,
    ),
)

CLINICIANS = (
    Clinician(
        slug="daniel-alvarez",
        title="Dr.",
        name="Daniel Alvarez",
        specialty="Family medicine",
        languages=("en", "es"),
        bio=(
            "Daniel Alvarez grew up three blocks from Water Street and opened this "
            "practice in 2009 after his residency at Montefiore. He sees whole "
            "families, from newborns to great-grandparents, and speaks Spanish "
            "with about half of them."
        ),
        visits=("office-visit", "annual-physical", "video"),
        hours=(
            Block(WORKDAYS, time(8, 30), time(12, 30), 20),
            Block((0, 2, 4), time(13, 30), time(17, 30), 20),
        ),
        face=Face(
            skin="tan", hair="swept", hair_colour="espresso", coat="navy", beard=True
        ),
        booked_of_ten=3,
    ),
    Clinician(
        slug="naomi-feldman",
        title="Dr.",
        name="Naomi Feldman",
        specialty="Pediatrics",
        languages=("en", "he"),
        bio=(
            "Naomi Feldman has looked after children for sixteen years. Newborn "
            "care, allergies and shy patients are her favorites. She keeps the "
            "first half hour of each morning for same-day fevers."
        ),
        visits=("well-child", "office-visit", "video"),
        hours=(
            Block((0, 1, 3, 4), time(8), time(12), 20),
            Block((1, 3), time(13), time(16), 20),
        ),
        face=Face(skin="fair", hair="curls", hair_colour="auburn", coat="teal"),
    ),
    Clinician(
        slug="marcus-reed",
        title="Dr.",
        name="Marcus Reed",
        specialty="Internal medicine",
        languages=("en",),
        bio=(
            "Marcus Reed holds our late clinic, until 9 in the evening on Monday "
            "and Wednesday. High blood pressure, thyroid and long recoveries after "
            "a hospital stay are what he does best. He answers messages the same "
            "night."
        ),
        visits=("office-visit", "annual-physical", "video"),
        hours=(
            Block((0, 2), time(15), time(21), 20),
            Block((5,), time(9), time(12), 20),
        ),
        face=Face(
            skin="deep", hair="fade", hair_colour="black", coat="slate", glasses=True
        ),
    ),
    Clinician(
        slug="soo-jin-park",
        title="Dr.",
        name="Soo-jin Park",
        specialty="Dermatology",
        languages=("en", "ko"),
        bio=(
            "Soo-jin Park trained at NYU Langone and treats eczema, acne and "
            "everything that itches. She removes small moles here, without a "
            "hospital. Her schedule is usually full: a time that opens up shows "
            "on this page at once."
        ),
        visits=("skin-exam",),
        hours=(
            Block((1, 4), time(9), time(13), 20),
            Block((3,), time(13), time(17), 20),
        ),
        face=Face(skin="light", hair="bun", hair_colour="black", coat="plum"),
        booked_of_ten=9,
    ),
    Clinician(
        slug="leila-haddad",
        title="Dr.",
        name="Leila Haddad",
        specialty="Women’s health",
        languages=("en", "ar", "fr"),
        bio=(
            "Leila Haddad is an OB-GYN who is with us on Tuesday and Friday "
            "mornings and delivers babies at Lower Manhattan Hospital the rest of "
            "the week. Prenatal care, fibroids and menopause are her fields."
        ),
        visits=("office-visit", "annual-physical"),
        hours=(Block((1, 4), time(8, 40), time(12), 20),),
        face=Face(skin="olive", hair="scarf", hair_colour="rose", coat="sage"),
    ),
    Clinician(
        slug="patrick-oconnell",
        title="Dr.",
        name="Patrick O’Connell",
        specialty="Orthopedics",
        languages=("en", "ga"),
        bio=(
            "Patrick O’Connell has repaired knees and hips for twenty-five years "
            "and would rather you kept your own. He starts with what exercise can "
            "do and tells you plainly when surgery is the better answer."
        ),
        visits=("joint-visit",),
        hours=(Block((2,), time(9), time(13), 10),),
        face=Face(skin="fair", hair="thin", hair_colour="grey", coat="ink"),
        away_days=120,
    ),
)

HARBOR = DemoClinic(
    slug="harbor",
    name="Harbor Family Practice",
    timezone="America/New_York",
    language="en-us",
    tagline="Doctors for the whole family, a block from the water.",
    opening_note="Monday to Friday, 8:00 AM to 6:00 PM",
    emergency_note="Call 911. For advice after hours, call us and press 2.",
    brand=(255, "0.110"),
    place=Place(
        name="Water Street",
        address="208 Water Street, New York, NY 10038",
        directions="Four minutes on foot from Fulton Street. The elevator is inside.",
        phone="(212) 555-0143",
    ),
    visits=VISITS,
    clinicians=CLINICIANS,
    staff=(
        ("owner", "Daniel Alvarez"),
        ("reception", "Denise Carter"),
        ("doctor", "Daniel Alvarez"),
    ),
    patients=(
        Person(
            "patient",
            "Maya Thompson",
            "+12125550172",
            date(1990, 7, 8),
            child=("Theo Thompson", date(2019, 2, 21)),
        ),
        Person("patient2", "Victor Chen", "+12125550186", date(1969, 3, 14)),
    ),
    guests=(
        "Angela Russo",
        "Brandon Miller",
        "Camila Reyes",
        "DeShawn Harris",
        "Emily Sorensen",
        "Farid Karimi",
        "Gloria Santos",
        "Henry Kowalski",
        "Isabel Moreno",
        "Jamal Washington",
        "Karen O’Brien",
        "Leon Abrams",
        "Michelle Tran",
        "Nate Goldberg",
        "Olga Petrova",
        "Priscilla Boyd",
        "Quentin Hayes",
        "Rosa Jiménez",
        "Steven Liu",
        "Tanya Brooks",
        "Uma Krishnan",
        "Walter Jensen",
        "Yolanda Price",
        "Zachary Stein",
    ),
)
