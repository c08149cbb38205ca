from bookings.models.appointments import Appointment, AppointmentChange, Hold
from bookings.models.once import KeptAnswer
from bookings.models.outbox import OutboxMessage
from bookings.models.patients import Patient
from bookings.models.practice import Doctor, Location, Practice, Service
from bookings.models.schedule import Holiday, TimeOff, WorkingHours
from bookings.models.slots import DoctorDay, Slot

__all__ = [
    "Appointment",
    "AppointmentChange",
    "Doctor",
    "DoctorDay",
    "Hold",
    "Holiday",
    "KeptAnswer",
    "Location",
    "OutboxMessage",
    "Patient",
    "Practice",
    "Service",
    "Slot",
    "TimeOff",
    "WorkingHours",
]
