//! How are the interfaces of this machine told? A page, or a record each.

use std::io;

use comfy_table::ColumnConstraint;

use super::out::Out;
use super::page::{cell, put, right, table};
use super::sheet::{self, Sheet};
use crate::ink::{Ink, Paint};
use crate::timeline::device::{Address, Device, Flag};
use crate::wire::frame;

/// How they are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// For people, on a page of so many cells.
    Page {
        width: u16,
    },
    Ndjson,
    Csv,
}

/// Tells of these interfaces.
pub fn tell(devices: &[Device], form: Form, out: &mut Out) -> io::Result<()> {
    match form {
        Form::Page { width } => page(devices, width, &mut out.ink),
        Form::Ndjson => {
            for device in devices {
                written(device, sheet::Form::Json, out)?;
            }
        }
        Form::Csv => {
            written(&Device::default(), sheet::Form::Names, out)?;
            for device in devices {
                written(device, sheet::Form::Row, out)?;
            }
        }
    }
    out.flush()
}

/// Below this width the networks of IPv6 addresses are left to be seen from the addresses.
const WIDE: u16 = 96;

fn page(devices: &[Device], width: u16, ink: &mut Ink) {
    let ascii = ink.ascii;
    ink.paint(Paint::Name, "Interfaces").text("\n");
    let mut names = table(width, ascii);
    names.set_header(["", "name", "state", "MAC", "MTU", "link type"]);
    for device in devices {
        names.add_row([
            right(cell(ascii, |ink| _ = device.index.map(|index| ink.number(index).len()))),
            cell(ascii, |ink| _ = ink.wire(&device.name)),
            cell(ascii, |ink| state(device, ink)),
            cell(ascii, |ink| _ = device.mac.map(|mac| ink.mac(mac).len())),
            right(cell(ascii, |ink| _ = device.mtu.map(|mtu| ink.number(mtu).len()))),
            cell(ascii, |ink| link(device, ink)),
        ]);
    }
    // States and link types are broken where there is no room, the rest never.
    for (at, column) in names.column_iter_mut().enumerate() {
        if !matches!(at, 2 | 5) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    put(names, ink);
    ink.text("\n").paint(Paint::Name, "Addresses").text("\n");
    let mut addresses = table(width, ascii);
    addresses.set_header(["interface", "address", "network", "broadcast", "scope"]);
    for (device, one) in devices
        .iter()
        .flat_map(|device| device.addresses.iter().map(move |address| (device, address)))
    {
        addresses.add_row([
            cell(ascii, |ink| _ = ink.wire(&device.name)),
            cell(ascii, |ink| address(one, ink)),
            cell(ascii, |ink| {
                if one.network.is_ipv4() || width >= WIDE {
                    ink.address(one.network).text("/").number(one.prefix);
                }
            }),
            cell(ascii, |ink| _ = one.broadcast.map(|all| ink.address(all).len())),
            cell(ascii, |ink| _ = ink.text(one.scope.unwrap_or_default())),
        ]);
    }
    for (at, column) in addresses.column_iter_mut().enumerate() {
        if at != 1 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    put(addresses, ink);
}

fn state(device: &Device, ink: &mut Ink) {
    if device.index.is_none() {
        ink.text("all of them");
        return;
    }
    ink.text(match (device.is(Flag::Up), device.is(Flag::Carrier), device.is(Flag::Running)) {
        (false, ..) => "down",
        (true, false, _) => "up, no carrier",
        (true, true, false) => "up, not running",
        (true, true, true) => "up",
    });
    let kinds = [
        (Flag::Loopback, ", loopback"),
        (Flag::PointToPoint, ", point to point"),
        (Flag::Promiscuous, ", promiscuous"),
    ];
    for (flag, words) in kinds {
        ink.text(if device.is(flag) { words } else { "" });
    }
}

fn link(device: &Device, ink: &mut Ink) {
    let Some(number) = device.link else { return };
    match frame::link_name(number) {
        Some(name) => ink.text(name),
        None => ink.text("link type ").number(number),
    };
}

/// An address with its prefix; with the other end where there is one.
fn address(one: &Address, ink: &mut Ink) {
    ink.address(one.address).text("/").number(one.prefix);
    if let Some(peer) = one.peer {
        ink.text(" to ").address(peer);
    }
}

fn written(device: &Device, form: sheet::Form, out: &mut Out) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut out.ink, form);
    record(device, &mut sheet);
    sheet.end();
    out.line()
}

fn record(device: &Device, sheet: &mut Sheet<'_>) {
    sheet.words("type", Some("interface"));
    sheet.number("schema", Some(1_u64));
    sheet.text("name", Some(&device.name));
    sheet.number("index", device.index);
    sheet.words("state", device.state);
    sheet.list("flags", Some(&device.flags), |flag, form, ink| {
        let quote = if form == sheet::Form::Json { "\"" } else { "" };
        ink.text(quote).text(flag.name()).text(quote);
    });
    sheet.quoted("mac", device.mac, |mac, ink| _ = ink.mac(mac));
    sheet.number("mtu", device.mtu);
    sheet.number("link_type", device.link);
    sheet.words("link_type_name", device.link.and_then(frame::link_name));
    sheet.list("addresses", Some(&device.addresses), |one, form, ink| match form {
        sheet::Form::Json => {
            let mut sheet = Sheet::new(ink, form);
            sheet.address("address", Some(one.address));
            sheet.number("prefix_length", Some(one.prefix));
            sheet.address("network", Some(one.network));
            sheet.address("broadcast", one.broadcast);
            sheet.address("peer", one.peer);
            sheet.words("scope", one.scope);
            sheet.end();
        }
        _ => address(one, ink),
    });
}
