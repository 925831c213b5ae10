//! What is a scene? Two programs, the network between them, and what is to be told of it.

use std::time::Duration;

use crate::seen::Seen;
use crate::talk::{Buffers, Talk};
use crate::wire::Way;

type Act = Box<dyn Fn(&mut Talk) + Send + Sync>;

pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) is_v6: bool,
    pub(crate) port: u16,
    /// From the client to the server, and back.
    pub(crate) ways: [Way; 2],
    /// Of both hosts' networks.
    pub(crate) settings: Vec<&'static str>,
    /// The client's and the server's.
    pub(crate) buffers: [Buffers; 2],
    pub(crate) client: Act,
    /// Without one nobody listens.
    pub(crate) server: Option<Act>,
    pub(crate) hold: Box<dyn Fn(&Seen<'_>) + Send + Sync>,
}

impl Scene {
    /// On a path of so many milliseconds each way that does nothing else.
    pub(crate) fn new(name: &'static str, delay: u64) -> Self {
        let way = Way { delay: Duration::from_millis(delay), ..Way::default() };
        Self {
            name,
            is_v6: false,
            port: 8080,
            ways: [way.clone(), way],
            settings: Vec::new(),
            buffers: [Buffers::default(); 2],
            client: Box::new(|_| {}),
            server: None,
            hold: Box::new(|_| {}),
        }
    }

    pub(crate) fn there(mut self, change: impl FnOnce(&mut Way)) -> Self {
        change(&mut self.ways[0]);
        self
    }

    pub(crate) fn back(mut self, change: impl FnOnce(&mut Way)) -> Self {
        change(&mut self.ways[1]);
        self
    }

    pub(crate) fn set(mut self, setting: &'static str) -> Self {
        self.settings.push(setting);
        self
    }

    pub(crate) fn v6(mut self) -> Self {
        self.is_v6 = true;
        self
    }

    pub(crate) fn client_receives(mut self, octets: usize) -> Self {
        self.buffers[0].receive = Some(octets);
        self
    }

    pub(crate) fn server_receives(mut self, octets: usize) -> Self {
        self.buffers[1].receive = Some(octets);
        self
    }

    pub(crate) fn server_sends(mut self, octets: usize) -> Self {
        self.buffers[1].send = Some(octets);
        self
    }

    pub(crate) fn client(mut self, act: impl Fn(&mut Talk) + Send + Sync + 'static) -> Self {
        self.client = Box::new(act);
        self
    }

    pub(crate) fn server(mut self, act: impl Fn(&mut Talk) + Send + Sync + 'static) -> Self {
        self.server = Some(Box::new(act));
        self
    }

    /// What must be true of what is told.
    pub(crate) fn hold(mut self, hold: impl Fn(&Seen<'_>) + Send + Sync + 'static) -> Self {
        self.hold = Box::new(hold);
        self
    }
}
