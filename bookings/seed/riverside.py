"""Riverside Health, London: the demo clinic that most pages are looked at with."""

from datetime import date, time

from bookings.seed.content import Block, Clinician, DemoClinic, Person, Place, Visit
from bookings.seed.portraits import Face

WORKDAYS = (0, 1, 2, 3, 4)

VISITS = (
    Visit(
        "new-concern",
        "New concern",
        20,
        "Something new that you want a doctor to look at.",
        bring="A list of the medicines you take.",
    ),
    Visit(
        "follow-up",
        "Follow-up",
        10,
        "We look at how you are doing since your last visit.",
    ),
    Visit(
        "long-consultation",
        "Long consultation",
        40,
        "For several concerns at once, or one that needs time.",
        bring="A list of the medicines you take, and letters from other clinics.",
    ),
    Visit(
        "video",
        "Video consultation",
        20,
        "From home, on your phone or computer. We send the link an hour before.",
        mode="video",
    ),
    Visit(
        "skin-check",
        "Skin check",
        30,
        "A full look at moles and marks, with a dermatoscope.",
        bring="Please come without make-up or nail varnish.",
        after=10,
    ),
    Visit(
        "physio-first",
        "Physiotherapy, first visit",
        45,
        "We find out what hurts and why, and make a plan.",
        bring="Loose clothes, and any scans or reports you have.",
        after=15,
    ),
    Visit(
        "physio",
        "Physiotherapy, treatment",
        30,
        "Treatment and exercises.",
        bring="Loose clothes.",
    ),
    Visit(
        "heart-check",
        "Heart check",
        30,
        "Blood pressure, an ECG and time to talk about the results.",
        bring="Readings from home, if you take your blood pressure.",
        before=5,
        after=5,
    ),
)

CLINICIANS = (
    Clinician(
        slug="amara-okonkwo",
        title="Dr",
        name="Amara Okonkwo",
        specialty="General practice",
        languages=("en", "fr", "ig"),
        bio=(
            "Amara Okonkwo trained at King’s College London and has been a GP on "
            "Mill Lane since 2014. She looks after many families with asthma and "
            "diabetes and runs the clinic’s Saturday flu sessions. She likes to "
            "draw what she means, so you may leave with a sketch."
        ),
        visits=("new-concern", "follow-up", "long-consultation", "video"),
        hours=(
            Block(WORKDAYS, time(8), time(12), 20),
            Block((0, 1, 3), time(13), time(17), 20),
        ),
        face=Face(skin="deep", hair="coils", hair_colour="black", coat="teal"),
        booked_of_ten=3,
    ),
    Clinician(
        slug="rahul-menon",
        title="Dr",
        name="Rahul Menon",
        specialty="General practice",
        languages=("en", "hi", "ml"),
        bio=(
            "Rahul Menon holds our evening surgery for people who cannot come in "
            "working hours. Before general practice he spent six years in "
            "emergency medicine at Whipps Cross. Sleep, migraine and sports "
            "injuries are what he is asked about most."
        ),
        visits=("new-concern", "follow-up", "long-consultation", "video"),
        hours=(
            Block((1, 2, 3), time(16), time(20, 40), 20),
            Block((5,), time(9), time(13), 20),
        ),
        face=Face(
            skin="tan", hair="short", hair_colour="black", coat="navy", beard=True
        ),
        booked_of_ten=3,
    ),
    Clinician(
        slug="mei-ling-zhao",
        title="",
        name="Mei-Ling Zhao",
        specialty="Physiotherapy",
        languages=("en", "zh"),
        bio=(
            "Mei-Ling Zhao treats backs, knees and shoulders, and helps people get "
            "walking again after an operation. She worked with the dancers of "
            "Sadler’s Wells for four years. Expect two or three exercises to do at "
            "home, never ten."
        ),
        visits=("physio", "physio-first"),
        hours=(
            Block((0, 2, 4), time(9), time(13), 15),
            Block((0, 2), time(14), time(17, 30), 15),
        ),
        face=Face(skin="light", hair="bob", hair_colour="black", coat="sage"),
    ),
    Clinician(
        slug="henrik-lindqvist",
        title="Dr",
        name="Henrik Lindqvist",
        specialty="Dermatology",
        languages=("en", "de", "sv"),
        bio=(
            "Henrik Lindqvist came to us from Karolinska in Stockholm. He checks "
            "moles, treats eczema and psoriasis, and sees teenagers with acne "
            "every Friday. His times go quickly: a time that frees up shows on "
            "this page at once."
        ),
        visits=("skin-check",),
        hours=(
            Block((1, 3), time(8, 30), time(13, 30), 20),
            Block((4,), time(13), time(17), 20),
        ),
        face=Face(
            skin="fair", hair="swept", hair_colour="sand", coat="slate", glasses=True
        ),
        booked_of_ten=9,
    ),
    Clinician(
        slug="priya-raghunathan",
        title="Dr",
        name="Priya Raghunathan",
        specialty="Women’s health",
        languages=("en", "ta"),
        bio=(
            "Priya Raghunathan is a gynaecologist who works with us on Monday and "
            "Thursday mornings and at St Thomas’ Hospital for the rest of the "
            "week. Contraception, menopause and pregnancy care are her fields. "
            "You may always bring somebody with you."
        ),
        visits=("new-concern", "follow-up", "long-consultation"),
        hours=(Block((0, 3), time(8, 40), time(12), 20),),
        face=Face(skin="brown", hair="long", hair_colour="espresso", coat="plum"),
    ),
    Clinician(
        slug="yusuf-demirel",
        title="Dr",
        name="Yusuf Demirel",
        specialty="Cardiology",
        languages=("en", "tr"),
        bio=(
            "Yusuf Demirel has listened to hearts for twenty-two years, the last "
            "nine of them here. He looks after people with high blood pressure, "
            "an uneven heartbeat or a stent, and explains each ECG line by line."
        ),
        visits=("heart-check",),
        hours=(Block((2, 4), time(9), time(12), 10),),
        face=Face(
            skin="olive", hair="thin", hair_colour="grey", coat="ink", glasses=True
        ),
        away_days=120,
    ),
)

RIVERSIDE = DemoClinic(
    slug="riverside",
    name="Riverside Health",
    timezone="Europe/London",
    language="en-gb",
    tagline="Family doctors, skin, heart and physiotherapy by the river.",
    opening_note="Monday to Friday, 08:00 to 18:30",
    emergency_note="Call 999. For urgent advice at any hour, call 111.",
    brand=(215, "0.085"),
    place=Place(
        name="Mill Lane",
        address="14 Mill Lane, London SE1 9PF",
        directions="Six minutes on foot from London Bridge. Step-free from the yard.",
        phone="020 7946 0118",
    ),
    visits=VISITS,
    clinicians=CLINICIANS,
    staff=(
        ("owner", "Amara Okonkwo"),
        ("reception", "Anna Whitlock"),
        ("doctor", "Amara Okonkwo"),
    ),
    patients=(
        Person(
            "patient",
            "Elif Kaya",
            "+442079460231",
            date(1988, 4, 17),
            child=("Deniz Kaya", date(2018, 9, 2)),
        ),
        Person("patient2", "Tomasz Nowak", "+442079460457", date(1975, 11, 30)),
    ),
    guests=(
        "Grace Adeyemi",
        "Oliver Bennett",
        "Sofia Marchetti",
        "Callum Fraser",
        "Nadia Rahman",
        "Peter Osei",
        "Hannah Lewis",
        "Imran Sheikh",
        "Chloe Dubois",
        "Stanisław Górski",
        "Margaret Doyle",
        "Kwame Boateng",
        "Lucía Ortega",
        "Samuel Ashworth",
        "Thi Mai Nguyen",
        "Joanna Clarke",
        "Ravi Chandran",
        "Beatrice Holloway",
        "Jürgen Weiß",
        "Ffion Prosser",
        "Aisha Yusuf",
        "Daniel Mensah",
        "Rebecca Stone",
        "Luke Harrington",
    ),
)
