#!/bin/bash
# make.sh - writes tshark.tsv anew: what tshark 4.0 tells of the first hundred packets of each
# capture in fixtures/, fragments joined and segments not. A line a packet: capture, number, and
# each field that is there, as name=value|value.
set -eu
cd "$(dirname "$0")"
export LC_ALL=C
fields="eth.type vlan.id arp.opcode arp.src.proto_ipv4 arp.dst.proto_ipv4 ip.src ip.dst ip.id ip.ttl
    ip.proto ip.frag_offset ipv6.src ipv6.dst ipv6.hlim tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw
    tcp.len tcp.flags tcp.window_size_value tcp.options.mss_val tcp.options.wscale.shift
    tcp.options.timestamp.tsval tcp.options.sack_le udp.srcport udp.dstport udp.length icmp.type
    icmp.code icmpv6.type icmpv6.code dns.id dns.qry.name dns.qry.type dns.flags.rcode dns.a dns.aaaa
    dns.cname dhcp.option.dhcp dhcp.id dhcp.ip.your dhcpv6.msgtype http.request.method
    http.request.uri http.host http.response.code tls.handshake.type
    tls.handshake.extensions_server_name ntp.flags.mode ntp.stratum vxlan.vni geneve.vni geneve.option.length l2tp.session
    gtp.message gtp.teid gtp.seq_number gtp.ext_hdr.next gtp.ext_hdr.length pktap.pid
    wlan.fc.type_subtype wlan.ra wlan.ta wlan.da wlan.sa wlan.bssid wlan.seq wlan.qos.tid wlan.duration
    radiotap.length radiotap.mactime ppi.length ppi.dlt gre.proto ppp.protocol"
options="-o tcp.relative_sequence_numbers:FALSE -o tcp.desegment_tcp_streams:FALSE"
for capture in ../../fixtures/*.pcap ../../fixtures/*.pcapng; do
    # shellcheck disable=SC2046,SC2086
    tshark -n -r "$capture" -c 100 $options -T fields -E header=y -E occurrence=a -E 'aggregator=|' \
        -e frame.protocols $(printf -- '-e %s ' $fields) 2>/dev/null |
        awk -F'\t' -v capture="${capture##*/}" '
            NR == 1 { number = 0; for (i = 2; i <= NF; i++) name[i] = $i; next }
            # Blocks of pcapng that hold no packet.
            $1 !~ /^(eth|sll|null|loop|raw|ppp|ip|pktap|wlan|radiotap|ppi)/ { next }
            {
                line = capture "\t" ++number
                for (i = 2; i <= NF; i++) if ($i != "") line = line "\t" name[i] "=" $i
                print line
            }'
done > tshark.tsv
