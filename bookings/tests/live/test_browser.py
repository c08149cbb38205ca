"""Open pages in a real browser: what somebody sees when others book."""

import re
import time
from datetime import time as wall_time
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from bookings import locking
from bookings.actions import appointments, holds
from bookings.models import Appointment, Slot
from bookings.tests import make

pytestmark = pytest.mark.browser

PAGE = Appointment.Via.PAGE


def book(slot):
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=PAGE
    )


def open_day(browser, site, slot, **context) -> Any:
    page: Any = browser.new_context(**context).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on(
        "console",
        lambda said: page.errors.append(said.text) if said.type == "error" else None,
    )
    page.goto(f"{site}/doctors/{slot.doctor.slug}/?date={slot.day}")
    return page


def status_of(page, slot):
    return page.locator(f"#slot-{slot.pk}").get_attribute("data-status")


def wait_for(page, slot, status, seconds):
    """Wait until the page shows the slot so; returns the seconds it took."""
    started = time.monotonic()
    page.wait_for_selector(
        f'#slot-{slot.pk}[data-status="{status}"]',
        timeout=seconds * 1000,
        state="attached",
    )
    return time.monotonic() - started


def wait_until_live(page):
    page.wait_for_selector('#live[data-state="on"]', timeout=10_000)


def test_one_books_and_the_other_s_page_shows_it_within_a_second(browser, site, times):
    first, *_ = times
    watching = open_day(browser, site, first)
    wait_until_live(watching)
    booking = open_day(browser, site, first)
    booking.locator(f"#slot-{first.pk} button").click()
    booking.wait_for_url(re.compile("/book/"))
    assert wait_for(watching, first, "held", 1) <= 1
    expect(watching.locator(".part header p").first).to_have_text("5 free")

    booking.fill("#name, [name=name]", "Elif Kaya")
    booking.fill("[name=email]", "elif.kaya@mail.example")
    booking.locator("#book button.wide, form#book button[type=submit]").first.click()
    booking.wait_for_url(re.compile("/appointments/"))
    assert wait_for(watching, first, "booked", 1) <= 1
    expect(watching.locator(f"#slot-{first.pk}")).to_contain_text("Taken")
    assert watching.errors == booking.errors == []


def test_a_booking_by_any_door_is_seen_and_the_counts_follow(browser, site, times):
    first, *_ = times
    page = open_day(browser, site, first)
    wait_until_live(page)
    expect(page.locator(".part header p").first).to_have_text("6 free")

    book(first)

    assert wait_for(page, first, "booked", 1) <= 1
    assert page.locator(f"#slot-{first.pk}").get_attribute("data-version") == "2"
    expect(page.locator(".part header p").first).to_have_text("5 free")
    expect(page.locator(".week [aria-current] .n")).to_have_text("5 free")
    assert page.errors == []


def test_focus_goes_on_when_the_time_under_it_is_taken(browser, site, times):
    first, second, *_ = times
    page = open_day(browser, site, first)
    wait_until_live(page)
    page.locator(f"#slot-{first.pk} button").focus()

    book(first)
    wait_for(page, first, "booked", 1)

    expect(page.locator(f"#slot-{second.pk} button")).to_be_focused()
    expect(page.locator("#announce")).to_contain_text("is now taken")


def test_focus_stays_where_it_is_when_another_time_is_taken(browser, site, times):
    first, second, *_ = times
    page = open_day(browser, site, first)
    wait_until_live(page)
    page.locator(f"#slot-{second.pk} button").focus()

    book(first)
    wait_for(page, first, "booked", 1)
    expect(page.locator(".part header p").first).to_have_text("5 free")

    expect(page.locator(f"#slot-{second.pk} button")).to_be_focused()
    expect(page.locator("#announce")).to_be_empty()


def test_a_page_without_websockets_is_right_at_the_next_re_check(browser, site, times):
    first, *_ = times
    page = open_page_without_sockets(browser, site, first)
    expect(page.locator("#live")).to_have_text(
        "Reconnecting. Times may be 30 seconds old.", timeout=5000
    )
    book(first)
    assert wait_for(page, first, "booked", 30) <= 30


def test_how_often_a_page_re_checks_is_the_page_s_to_say(browser, site, times):
    first, *_ = times
    page = open_page_without_sockets(browser, site, first, seconds=0.5)
    book(first)
    assert wait_for(page, first, "booked", 3) <= 3


def open_page_without_sockets(browser, site, slot, *, seconds=None):
    context = browser.new_context()
    context.add_init_script("window.WebSocket = undefined")
    if seconds:  # set when the document is read, before the page's script starts
        context.add_init_script(f"""
            document.addEventListener("readystatechange", () => {{
                document.querySelector("[data-live]").dataset.recheck = "{seconds}";
            }}, {{ once: true }});
        """)
    page = context.new_page()
    page.goto(f"{site}/doctors/{slot.doctor.slug}/?date={slot.day}")
    return page


def test_a_page_that_was_cut_off_says_so_and_shows_the_truth_when_it_is_back(
    browser, site, times
):
    first, second, *_ = times
    context = browser.new_context()
    context.add_init_script(CUTTABLE)
    page = context.new_page()
    page.goto(f"{site}/doctors/{first.doctor.slug}/?date={first.day}")
    wait_until_live(page)

    page.evaluate("cut()")
    book(first)
    expect(page.locator("#live")).to_have_attribute("data-state", "retry", timeout=4000)
    expect(page.locator("#announce")).to_contain_text("Connection lost")
    page.evaluate("mend()")
    wait_for(page, first, "booked", 10)
    wait_until_live(page)
    book(second)
    assert wait_for(page, second, "booked", 1) <= 1


# A network that can be cut under the page; nothing in the page knows why.
CUTTABLE = """
    const Real = WebSocket;
    let current = null, isCut = false;
    window.WebSocket = class extends Real {
        constructor(...asked) {
            if (isCut) throw new Error("no network");
            super(...asked);
            current = this;
        }
    };
    window.cut = () => { isCut = true; current.close(); };
    window.mend = () => { isCut = false; };
"""


def test_a_hold_counts_down_and_its_end_is_said_without_losing_the_page(
    browser, site, times
):
    first, *_ = times
    page = open_day(browser, site, first)
    page.locator(f"#slot-{first.pk} button").click()
    page.wait_for_url(re.compile("/book/"))
    page.goto(f"{site}/doctors/{first.doctor.slug}/?date={first.day}")
    wait_until_live(page)
    mine = page.locator(f"#slot-{first.pk}")
    expect(mine).to_have_attribute("data-mine", "")
    expect(mine).to_contain_text(re.compile(r"Yours · [45]:\d\d"))
    expect(page.locator("#my-hold [role=timer]")).to_have_text(re.compile(r"[45]:\d\d"))

    _end_holds_soon(first)
    page.reload()
    expect(page.locator("#my-hold [data-low]")).to_be_attached()
    expect(page.locator("[role=alert]")).to_contain_text("has ended", timeout=8000)
    assert wait_for(page, first, "free", 8) <= 8
    expect(page.locator("[role=alert]")).to_contain_text("has ended")
    expect(page.locator("#my-hold")).to_have_count(0)


def _end_holds_soon(slot):
    soon = locking.clock() + timedelta(seconds=4)
    slot.refresh_from_db()
    slot.hold.expires_at = slot.held_until = soon
    slot.hold.save()
    slot.save()


def test_an_old_time_that_somebody_releases_comes_back(browser, site, times):
    first, *_ = times
    placed = holds.place(slot_id=first.pk, holder="somebody")
    page = open_day(browser, site, first)
    wait_until_live(page)
    assert status_of(page, first) == "held"

    holds.release(placed.token)

    assert wait_for(page, first, "free", 1) <= 1
    expect(page.locator(f"#slot-{first.pk} button")).to_be_visible()
    assert Slot.objects.get(pk=first.pk).version == 3


def test_the_list_of_doctors_is_live_too(browser, site, times):
    tomorrow = make.next_week(times[0].doctor) - timedelta(days=6)
    soon = make.slots(
        times[0].doctor,
        start=make.at(times[0].doctor, tomorrow, wall_time(hour=9)),
    )
    page = browser.new_page()
    page.goto(site)
    wait_until_live(page)
    assert status_of(page, soon[0]) == "free"

    holds.place(slot_id=soon[0].pk, holder="somebody")

    expect(page.locator(f'#slot-{soon[0].pk}[data-status="free"]')).to_have_count(
        0, timeout=1000
    )


def test_without_javascript_a_time_is_found_held_and_booked(browser, site, times):
    first, *_ = times
    page = open_day(browser, site, first, java_script_enabled=False)
    page.locator(f"#slot-{first.pk} button").click()
    page.locator("[name=name]").fill("Elif Kaya")
    page.locator("[name=email]").fill("elif.kaya@mail.example")
    page.locator("#book button.wide").click()

    expect(page.locator("h1")).to_contain_text("You are booked")
    first.refresh_from_db()
    assert first.appointment.patient.name == "Elif Kaya"


def test_what_was_typed_stays_when_the_hold_ends(browser, site, times):
    first, *_ = times
    page = open_day(browser, site, first)
    page.locator(f"#slot-{first.pk} button").click()
    page.wait_for_url(re.compile("/book/"))
    _end_holds_soon(first)
    page.reload()
    page.locator("[name=name]").fill("Elif Kaya")

    expect(page.locator("[role=alert]")).to_contain_text("has ended", timeout=8000)
    expect(page.locator("[role=alert]")).to_contain_text("Nothing you typed is lost")
    expect(page.locator("[name=name]")).to_have_value("Elif Kaya")
    assert page.errors == []
