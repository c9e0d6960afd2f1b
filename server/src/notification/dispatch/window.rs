//! How many subscribers are told at a time.
//!
//! What was told and is not written down yet is told again after a crash. So few messages are on their way or not
//! written down as long as subscribers answer soon; those that are slow do not count, so that they hold up nobody, and
//! for each of them one more may begin.

/// How many messages are on their way, or told and not written down, while nobody is slow.
const MOST_QUICK: usize = 12;
/// How many are on their way, slow or not.
const MOST: usize = 4096;

/// Messages for one subscriber that began to be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// Absent if the subscriber was known to be slow.
    look: Option<u64>,
    messages: usize,
}

/// Counts the messages that are being told.
#[derive(Debug, Default)]
pub(super) struct Window {
    looks: u64,
    /// Begun since the last look.
    new: usize,
    /// Begun before that, but since the look before.
    recent: usize,
    all: usize,
    unwritten: usize,
}

impl Window {
    /// Whether another subscriber may be told.
    pub(super) fn is_open(&self) -> bool {
        let quick = self.new + self.recent;
        quick + self.unwritten < MOST_QUICK + (self.all - quick) && self.all < MOST
    }

    /// Counts a subscriber that begins to be told of so many messages.
    pub(super) fn begin(&mut self, messages: usize, is_slow: bool) -> Begun {
        self.all += messages;
        if is_slow {
            return Begun { look: None, messages };
        }
        self.new += messages;
        Begun { look: Some(self.looks), messages }
    }

    /// Counts a subscriber that was told; returns how many messages are to be written down for it.
    pub(super) fn end(&mut self, Begun { look, messages }: Begun) -> usize {
        self.all -= messages;
        match look.map(|look| self.looks - look) {
            Some(0) => self.new -= messages,
            Some(1) => self.recent -= messages,
            _ => {}
        }
        self.unwritten += messages;
        messages
    }

    /// Counts messages that need not be written down any more.
    pub(super) fn write(&mut self, messages: usize) {
        self.unwritten -= messages;
    }

    /// Calls slow whoever began before the last look.
    pub(super) fn look(&mut self) {
        self.looks += 1;
        self.recent = std::mem::take(&mut self.new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(window: &mut Window) -> Vec<Begun> {
        let mut begun = Vec::new();
        while window.is_open() {
            begun.push(window.begin(1, false));
        }
        begun
    }

    #[test]
    fn as_many_begin_as_are_written_down_while_all_are_quick() {
        let mut window = Window::default();
        let mut begun = fill(&mut window);
        assert_eq!(begun.len(), MOST_QUICK);

        for _ in 0..3 {
            let told = window.end(begun.remove(0));
            assert!(!window.is_open(), "it is not written down yet");
            window.write(told);
            begun.extend(fill(&mut window));
            assert_eq!(begun.len(), MOST_QUICK);
        }
    }

    #[test]
    fn each_message_of_a_subscriber_counts() {
        let mut window = Window::default();

        let begun = window.begin(MOST_QUICK, false);
        assert!(!window.is_open());
        let told = window.end(begun);
        window.write(told);
        assert!(window.is_open());
    }

    #[test]
    fn who_has_not_answered_at_the_second_look_makes_room() {
        let mut window = Window::default();
        let slow = fill(&mut window);
        window.look();
        assert!(!window.is_open());
        window.look();
        let more = fill(&mut window);
        assert_eq!(more.len(), 2 * MOST_QUICK);

        for begun in slow.into_iter().chain(more) {
            let told = window.end(begun);
            window.write(told);
        }
        assert_eq!((window.new, window.recent, window.all, window.unwritten), (0, 0, 0, 0));
    }

    #[test]
    fn who_is_known_to_be_slow_takes_no_room() {
        let mut window = Window::default();
        let slow: Vec<Begun> = (0..100).map(|_| window.begin(1, true)).collect();
        assert_eq!(fill(&mut window).len(), MOST_QUICK + 100);

        for begun in slow {
            let told = window.end(begun);
            window.write(told);
        }
        assert_eq!((window.new, window.all), (MOST_QUICK + 100, MOST_QUICK + 100));
    }

    #[test]
    fn there_is_an_end_to_how_many_are_slow() {
        let mut window = Window::default();
        let mut begun = 0;
        for _ in 0..1000 {
            begun += fill(&mut window).len();
            window.look();
        }
        assert_eq!(begun, MOST);
    }
}
