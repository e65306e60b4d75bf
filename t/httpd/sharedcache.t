#!/usr/bin/perl
# G-03, G-07, G-09. MCPCache on redis, memcached and shmcb: two servers ask about a token once; whoever can write into the cache can make
# nobody anything; a cache that dies, hangs or is full of garbage costs time and nothing else.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::Memcached;
use MCPTest::Redis;
use MCPTest::Util qw(keep_secret spew tempdir wait_until);
use Time::HiRes qw(sleep time);

my $dir    = tempdir();
my $secret = 'a long and random secret, or so';
keep_secret($secret);
spew("$dir/secret", $secret, 0600);
spew("$dir/other",  'the secret of somebody else', 0600);
my $as = MCPTest::AS->start(client => undef);
my $n  = 0;

sub server ($cache, $module, $file = 'secret', $ttl = '60s') {
    return MCPTest::Httpd->start(modules => ["socache_$module"], conf => <<"END");
MCPTimeout 2s
MCPTokenCache off
StartServers 2
${\ ($module eq 'redis' ? "RedisTimeout 1s" : "")}
MCPCache $cache
<MCPIssuer "@{[ $as->issuer ]}">
    MCPTokenFormat opaque
    MCPIntrospection @{[ $as->introspection_endpoint ]} $ttl
    MCPClientAuth basic gateway file:$dir/$file
</MCPIssuer>
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require mcp-scope s
</Location>
Alias /mcp \@ROOT@/htdocs
END
}
my %good = (active => \1, aud => 'https://mcp.example/mcp', sub => 'alice-the-secret', scope => 's', token_type => 'Bearer');
sub token (%claims) {
    my $token = sprintf 'shared-%d-%s', ++$n, 'y' x 30;
    keep_secret($token);
    $as->tokens({ %{ $as->state->{tokens} // {} }, $token => { %good, %claims } });
    return $token;
}
sub status ($httpd, $token) { return MCPTest::HTTP->new($httpd->url, timeout => 20)->get('/mcp/x', Authorization => "Bearer $token")->status }

# The status, 0 when there is none within three seconds.
sub hasty ($httpd, $token) { return eval { MCPTest::HTTP->new($httpd->url, timeout => 3)->get('/mcp/x', Authorization => "Bearer $token")->status } // 0 }

for my $class (qw(MCPTest::Redis MCPTest::Memcached)) {
    my ($name) = $class =~ /::(\w+)/;
    my $module = $name eq 'Redis' ? 'redis' : 'memcache';
    my $store  = $class->start;
    my ($one, $two) = map { server("$module:" . $store->address, $module) } 1 .. 2;
    my $stranger = server("$module:" . $store->address, $module, 'other');
    my $brief    = server("$module:" . $store->address, $module, 'secret', '2s');

    my $token = token();
    is status($one, $token), 404, "$name: one server asks";
    is status($two, $token), 404, "$name: the other knows";
    is $as->asked($token), 1, "$name: by one question";
    is status($stranger, $token), 404, "$name: a server with another credential";
    is $as->asked($token), 2, "$name: cannot read that, and asks by itself";

    # G-09: what lies there.
    my %dump = %{ $store->dump };
    cmp_ok scalar keys %dump, '>=', 2, "$name: records";
    for my $text (map { ($_, $dump{$_}) } keys %dump) {
        ok index($text, $_) < 0, "$name: G-09 nothing of '" . substr($_, 0, 12) . "' in it" for $token, 'alice-the-secret', 'mcp.example', $secret;
    }
    cmp_ok $store->ttl($_) // 0, '<=', 61, "$name: it ends by itself" for keys %dump;

    # A record that counts for longer than the configuration says was made under other settings.
    is status($brief, $token), 404, "$name: another TTL";
    is $as->asked($token), 3, "$name: does not take what was to last longer";

    # Whoever writes there: changed, moved, cut, exchanged, of another token, garbage. Never in, never 401 for a good token, never a crash.
    my $bad = 'token-that-nobody-made-' . $name;
    $store->flush;
    my $mine = token();
    is status($one, $mine), 404, "$name: a record";
    my ($place) = $store->keys;
    my $record = $store->value($place);
    is status($one, $bad), 401, "$name: a token that is not active";
    my %forged = (
        'a changed byte'   => sub { my $text = $record; substr($text, length($text) / 2, 1) ^.= "\1"; $text },
        'a changed end'    => sub { my $text = $record; substr($text, -1, 1) ^.= "\x80"; $text },
        'another version'  => sub { my $text = $record; substr($text, 0, 1) = "\2"; $text },
        'half of it'       => sub { substr $record, 0, length($record) / 2 },
        'nothing'          => sub { '' },
        'twice'            => sub { $record . $record },
        'plain JSON'       => sub { '{"active":true,"aud":"https://mcp.example/mcp","sub":"mallory","scope":"s"}' },
        'garbage'          => sub { join '', map { chr int rand 256 } 1 .. 500 },
        'a megabyte of it' => sub { 'z' x 1_000_000 },
    );
    for my $how (sort keys %forged) {
        $store->set($place, $forged{$how}->());
        my $before = $as->asked($mine);
        is status($two, $mine), 404, "$name: $how: the good token is good";
        is $as->asked($mine), $before + 1, "$name: $how: because its issuer was asked";
    }
    # The record of one token under the name of another: the place of the next one is found by letting it be made.
    my $victim = token();
    $store->flush;
    is status($one, $victim), 404, "$name: another token";
    my ($other) = $store->keys;
    $store->set($other, $record);
    my $before = $as->asked($victim);
    is status($two, $victim), 404, "$name: G-03 a record of another token does not count for it";
    is $as->asked($victim), $before + 1, "$name: G-03 it is asked about";

    # G-07: the cache is away, hangs, and comes back.
    $store->down;
    $token = token();
    is status($_, $token), 404, "$name: G-07 without the cache" for $one, $two;
    is status($one, $bad), 401, "$name: G-07 nobody gets in for that";
    cmp_ok $as->asked($token), '>=', 1, "$name: G-07 the issuer is asked";
    $store->up;
    ok wait_until(20, sub { my $t = token(); status($one, $t) == 404 && status($two, $t) == 404 && $as->asked($t) == 1 }), "$name: G-07 when it is back it is used";
    $store->freeze;
    # A request that meets it may be lost (memcache waits for ever); those that come a second later are not.
    $token = token();
    my @lost = grep { $_ == 0 } map { hasty($one, $token) } 1 .. 6;
    cmp_ok scalar @lost, '<=', 2, "$name: G-07 a cache that hangs costs one request or two";
    my $start = time;
    is_deeply [ map { hasty($one, token()) } 1 .. 10 ], [ (404) x 10 ], "$name: G-07 and then none";
    cmp_ok time - $start, '<', 5, "$name: G-07 at the usual speed";
    $store->thaw;
    ok wait_until(20, sub { status($one, token()) == 404 }), "$name: G-07 and after that";
    $_->stop for $one, $two, $stranger, $brief;
}

# shmcb: between processes of one server; and too small for anything.
{
    my $one   = server('shmcb', 'shmcb');
    my $token = token();
    is_deeply [ map { status($one, $token) } 1 .. 12 ], [ (404) x 12 ], 'shmcb: a token in every process';
    is $as->asked($token), 1, 'shmcb: by one question';
    $one->stop;
    my $small = server('shmcb:@ROOT@/run/small(8192)', 'shmcb');
    is_deeply [ map { status($small, token(pad => 'p' x 6000)) } 1 .. 6 ], [ (404) x 6 ], 'shmcb: records that do not fit are no trouble';
    $small->stop;
    my $none = server('none', 'shmcb');
    $token = token();
    is_deeply [ map { status($none, $token) } 1 .. 4 ], [ (404) x 4 ], 'none: a token';
    is $as->asked($token), 4, 'none: is asked about each time';
    $none->stop;
}

done_testing;
