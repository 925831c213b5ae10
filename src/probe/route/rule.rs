//! Which routing tables are asked, and in which order?

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::Flow;
use crate::ink::safe;
use crate::probe::netlink;
use crate::timeline::way::{Action, Interface, Prefix, Rule};

/// The rules of both families as the kernel tells them; none of a kernel that has no rules.
#[derive(Debug)]
pub(super) struct Rules {
    v4: Option<Vec<RuleMessage>>,
    v6: Option<Vec<RuleMessage>>,
    /// Who we are.
    uid: Option<u32>,
}

impl Rules {
    pub(super) fn read() -> io::Result<Self> {
        let [v4, v6] = [AddressFamily::Inet, AddressFamily::Inet6].map(read);
        // Whoever owns a process owns its folder.
        let uid = fs::metadata("/proc/self").map(|about| about.uid()).ok();
        Ok(Self { v4: v4?, v6: v6?, uid })
    }

    /// Those of the destination's family, in the order they are asked.
    pub(super) fn of(&self, flow: Flow, links: &[Interface]) -> Vec<Rule> {
        let device = links.iter().find(|link| Some(link.index) == flow.interface);
        let about = About { flow, uid: self.uid, device: device.map(|link| link.name.as_str()) };
        let messages = if flow.destination.is_ipv4() { &self.v4 } else { &self.v6 };
        let mut rules: Vec<Rule> = match messages {
            Some(messages) => messages.iter().map(|message| about.rule(message)).collect(),
            // Without rules there are two tables.
            None => [(0, 255), (32766, 254)].map(|(priority, table)| plain(priority, table)).into(),
        };
        rules.sort_by_key(|rule| rule.priority);
        rules
    }
}

fn read(family: AddressFamily) -> io::Result<Option<Vec<RuleMessage>>> {
    let mut question = RuleMessage::default();
    question.header.family = family;
    match netlink::route(&RouteNetlinkMessage::GetRule(question), netlink::DUMP) {
        Ok(answers) => {
            let rules = answers.into_iter().filter_map(|answer| match answer {
                RouteNetlinkMessage::NewRule(message) => Some(message),
                _ => None,
            });
            Ok(Some(rules.collect()))
        }
        // Of kernels without rules, or without this family.
        Err(error)
            if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EAFNOSUPPORT)) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A rule that selects everything.
pub(super) fn plain(priority: u32, table: u32) -> Rule {
    let action = Action::Table(table);
    Rule { priority, action, selects: String::new(), applies: true, suppresses: None }
}

/// What rules are held against: a packet that this computer sends, to which nobody has given a mark yet, and
/// whose source is not chosen yet.
struct About<'l> {
    flow: Flow,
    uid: Option<u32>,
    device: Option<&'l str>,
}

impl About<'_> {
    fn rule(&self, message: &RuleMessage) -> Rule {
        let header = &message.header;
        let mut rule = plain(0, header.table.into());
        let mut goes_to = None;
        let (mut mark, mut masked_by) = (0, u32::MAX);
        let mut words = Vec::new();
        for attribute in &message.attributes {
            match attribute {
                RuleAttribute::Priority(priority) => rule.priority = *priority,
                RuleAttribute::Table(table) => rule.action = Action::Table(*table),
                RuleAttribute::Goto(priority) => goes_to = Some(*priority),
                RuleAttribute::SuppressPrefixLen(len) if *len != u32::MAX => {
                    rule.suppresses = Some(*len);
                }
                RuleAttribute::FwMark(number) => mark = *number,
                RuleAttribute::FwMask(number) => masked_by = *number,
                other => {
                    if let Some((holds, said)) = self.selects(other, header.src_len, header.dst_len)
                    {
                        rule.applies &= holds;
                        words.push(said);
                    }
                }
            }
        }
        if mark != 0 {
            rule.applies &= mark & masked_by == 0;
            words.push(format!("fwmark {mark:#x}/{masked_by:#x}"));
        }
        if header.tos != 0 {
            rule.applies = false;
            words.push(format!("tos {:#x}", header.tos));
        }
        if header.flags.contains(RuleFlags::Invert) {
            rule.applies = !rule.applies;
            words.insert(0, "not".to_owned());
        }
        rule.action = match header.action {
            RuleAction::ToTable => rule.action,
            RuleAction::Goto => goes_to.map_or(Action::Nothing, Action::Goto),
            RuleAction::Blackhole => Action::Blackhole,
            RuleAction::Unreachable => Action::Unreachable,
            RuleAction::Prohibit => Action::Prohibit,
            _ => Action::Nothing,
        };
        rule.selects = words.join(" ");
        rule
    }

    /// Whether a condition holds, and what it says.
    fn selects(&self, attribute: &RuleAttribute, from: u8, to: u8) -> Option<(bool, String)> {
        let port = self.flow.port;
        Some(match attribute {
            RuleAttribute::Source(address) => {
                (from == 0, format!("from {}", Prefix { address: *address, len: from }))
            }
            RuleAttribute::Destination(address) => {
                let prefix = Prefix { address: *address, len: to };
                (prefix.contains(self.flow.destination), format!("to {prefix}"))
            }
            // What the computer sends itself comes, to the kernel, from the loopback interface.
            RuleAttribute::Iifname(name) => {
                (name == "lo", format!("iif {}", safe(name.as_bytes())))
            }
            RuleAttribute::Oifname(name) => {
                (self.device == Some(name.as_str()), format!("oif {}", safe(name.as_bytes())))
            }
            RuleAttribute::UidRange(range) => {
                let ours = self.uid.is_some_and(|uid| (range.start..=range.end).contains(&uid));
                (ours, format!("uidrange {}-{}", range.start, range.end))
            }
            RuleAttribute::IpProtocol(protocol) => {
                let number = i32::from(*protocol);
                (
                    port.is_some_and(|(ours, _)| i32::from(ours) == number),
                    format!("ipproto {number}"),
                )
            }
            RuleAttribute::DestinationPortRange(range) => {
                let ours = port.is_some_and(|(_, port)| (range.start..=range.end).contains(&port));
                (ours, format!("dport {}-{}", range.start, range.end))
            }
            // The port is chosen after the way.
            RuleAttribute::SourcePortRange(range) => {
                (false, format!("sport {}-{}", range.start, range.end))
            }
            RuleAttribute::TunId(id) if *id != 0 => (false, format!("tun_id {id}")),
            RuleAttribute::L3MDev(true) => (false, "l3mdev".to_owned()),
            _ => return None,
        })
    }
}
