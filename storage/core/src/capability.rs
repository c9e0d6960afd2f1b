//! What a driver declares about itself.

/// One property a driver has or lacks. Declared, not discovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    /// Messages are listed and claimed in the order they were posted.
    Fifo,
    /// Claims are supported.
    Claims,
    /// Messages survive a restart of the store.
    Durability,
    /// Messages are handed out at least once.
    Aod,
    /// The store is meant for high rates.
    HighThroughput,
    /// What was acknowledged survives `kill -9` of server and store in the default configuration.
    SurvivesCrash,
    /// Several servers may share one store.
    MultiServer,
}

impl Capability {
    /// Every capability, in the order they are shown.
    pub const ALL: [Self; 7] = [
        Self::Fifo,
        Self::Claims,
        Self::Durability,
        Self::Aod,
        Self::HighThroughput,
        Self::SurvivesCrash,
        Self::MultiServer,
    ];

    /// The name that flavors and reports show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fifo => "FIFO",
            Self::Claims => "CLAIMS",
            Self::Durability => "DURABILITY",
            Self::Aod => "AOD",
            Self::HighThroughput => "HIGH_THROUGHPUT",
            Self::SurvivesCrash => "SURVIVES_CRASH",
            Self::MultiServer => "MULTI_SERVER",
        }
    }
}

/// A set of [`Capability`] values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(u8);

impl Capabilities {
    /// Makes a set from its members.
    pub const fn of(members: &[Capability]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < members.len() {
            bits |= 1 << members[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Tells whether the set has this member.
    pub fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }

    /// The members, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |each| self.has(*each))
    }
}

/// What an acknowledged write has survived when the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: the data lives in this process.
    None,
    /// A crash of the process, not of the machine.
    Process,
    /// A crash of the machine: the data is synced to disk.
    Synced,
}

impl Durability {
    /// The word that the status page shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Process => "process",
            Self::Synced => "synced",
        }
    }
}

/// What a driver says about its store right now.
#[derive(Clone, Debug)]
pub struct StoreStatus {
    /// The kind of driver, for example `sqlite`.
    pub driver: &'static str,
    /// The durability in force, as read back from the store, not as configured.
    pub durability: Durability,
    /// A sentence for the operator, without secrets; empty when there is nothing to say.
    pub detail: String,
}
