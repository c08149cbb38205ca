// Entry of the pages' script. Everything works without it; with it, pages are live.
import { startAnnouncing } from "./announce.js";
import { startCountdowns } from "./countdown.js";
import { startLive } from "./live.js";
import { startPage } from "./page.js";

startPage();
startAnnouncing();
startCountdowns();
startLive();
