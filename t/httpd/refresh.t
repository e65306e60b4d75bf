#!/usr/bin/perl
# E-05 to E-10, E-19, E-20, G-11. Keys in the background: fetched without a request, once for all processes, exchanged while they are in
# use, kept over restarts and outages. Good tokens never wait for any of it.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(slurp spew tempdir wait_until);
use Time::HiRes qw(sleep time);

my ($one, $two) = map { MCPTest::Key->get('P-256', $_) } 1 .. 2;
my $children = ($ENV{MPM} // '') eq 'prefork' ? "StartServers 6\nMinSpareServers 6" : "StartServers 3\nMinSpareThreads 24";

sub server ($issuers, %opt) {
    return MCPTest::Httpd->start(%opt, conf => <<"END");
$children
MCPTimeout 1s
MCPRefresh 2s 3s
$issuers
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    MCPAllowOrigin *
    Require valid-user
</Location>
Alias /mcp \@ROOT@/htdocs
END
}
my %jwt;

# The status of a request with a good token; 404 is that of the handler behind. A connection of its own, so that every process has its turn.
sub status ($httpd, $as, %how) {
    my $jwt = MCPTest::JWT->new(key => $one, aud => 'https://mcp.example/mcp', iss => $as->issuer);
    return MCPTest::HTTP->new($httpd->url, timeout => 10)->get('/mcp/x', Authorization => 'Bearer ' . $jwt->mint(%how))->status;
}
sub statuses ($n, @args) {
    my %count;
    $count{ status(@args) }++ for 1 .. $n;
    return join ' ', map { "$_:$count{$_}" } sort keys %count;
}
sub fetches ($as) { return $as->count($as->jwks_path) }

# Nobody asks, and the keys are there; one fetch for all processes; refreshed when due.
{
    my $as    = MCPTest::AS->start(keys => [$one]);
    my $httpd = server("MCPIssuer @{[ $as->issuer ]}");
    ok wait_until(5, sub { fetches($as) }), 'keys are fetched without a request';
    is $as->count, 2, 'by one process: metadata and keys';
    is statuses(20, $httpd, $as), '404:20', 'tokens are good in every process';
    cmp_ok fetches($as), '<=', 2, 'and bring about no fetch';
    ok wait_until(6, sub { fetches($as) >= 3 }), 'the keys are fetched again and again';
    is $as->metadata_count, 1, 'the metadata is not: it is not old';

    # E-08: withdrawn keys end with the next good refresh; E-06: new ones are there by then.
    $as->keys($two);
    my $seen = fetches($as);
    ok wait_until(6, sub { fetches($as) > $seen }), 'a refresh after a rotation';
    sleep 0.2;
    $as->clear;
    is statuses(10, $httpd, $as, _key => $two), '404:10', 'E-06 the new key is there in every process';
    is statuses(10, $httpd, $as), '401:10', 'E-08 the withdrawn one is not';

    # E-05 over all processes. The background's own rounds are at least 1.8 s apart.
    $as->clear;
    my $start = time;
    is statuses(200, $httpd, $as, _key => $two, _header => { kid => 'unknown' }), '401:200', 'E-05 200 unknown kids';
    my $allowed = 1 + int((time - $start) / 3) + 1 + int((time - $start) / 1.8);
    cmp_ok fetches($as), '<=', $allowed, "E-05 at most $allowed fetches for the whole server";
    $as->clear;
    my @slow = grep { my $t = time; status($httpd, $as, _key => $two) != 404 || time - $t > 0.5 } 1 .. 20;
    is scalar @slow, 0, 'E-05 good tokens are served at once meanwhile';

    # E-07: another key under the same kid, before the next refresh.
    sleep 3;
    $as->keys({ %{ $one->jwk }, kid => $two->kid });
    is status($httpd, $as, _key => $one, _header => { kid => $two->kid }), 404, 'E-07 a key exchanged in place counts at once';

    # E-10, G-11: an outage, and restarts in it.
    $as->keys($one);
    is status($httpd, $as), 404, 'a key' if wait_until(6, sub { status($httpd, $as) == 404 });
    $as->down;
    ok $httpd->wait_log(qr/MCP0103: .*those of \d+ s ago serve/, 8), 'E-10 an outage is a warning';
    is statuses(10, $httpd, $as), '404:10', 'E-10 old keys serve';
    for my $round (1 .. 3) {
        ok $httpd->graceful, "a graceful restart in the outage, $round";
        is statuses(10, $httpd, $as), '404:10', 'E-10 keys outlast it';
    }
    my $conf = slurp("@{[ $httpd->root ]}/conf/httpd.conf");
    for my $more (join('', map { "LoadModule ${_}_module " . MCPTest::Httpd::Conf::module_file($_) . "\n" } qw(speling usertrack sed ext_filter)), '') {
        spew("@{[ $httpd->root ]}/conf/httpd.conf", "$more$conf");
        ok $httpd->graceful, 'a graceful restart that has this module loaded to another place';
        is statuses(10, $httpd, $as), '404:10', 'E-10 keys outlast that as well';
    }
    ok $httpd->restart, 'a restart in the outage';
    is statuses(10, $httpd, $as), '404:10', 'as well';
    $as->up;
    $as->keys($two);
    ok wait_until(10, sub { status($httpd, $as, _key => $two) == 404 }), 'when it is back, so are fresh keys';
    $httpd->stop;
}

# E-08: two servers with one issuer, one of which looks often. After a restart, what that has seen counts for both.
{
    my $as    = MCPTest::AS->start(keys => [$one]);
    my $httpd = server("MCPRefresh 1h 1h\nMCPIssuer @{[ $as->issuer ]}\nListen 127.0.0.1:\@PORT2@\n<VirtualHost *:\@PORT2@>\nMCPRefresh 1s 1s\n</VirtualHost>");
    my $jwt   = MCPTest::JWT->new(key => $one, aud => 'https://mcp.example/mcp', iss => $as->issuer);
    my $often = sub { MCPTest::HTTP->new($httpd->port(2))->get('/mcp/x', Authorization => 'Bearer ' . $jwt->mint)->status };
    ok wait_until(5, sub { $often->() == 404 && status($httpd, $as) == 404 }), 'a key';
    $as->keys($two);
    ok wait_until(10, sub { $often->() == 401 }), 'is withdrawn where it is looked for';
    is status($httpd, $as), 404, 'and still there where it is not';
    $as->down;
    ok $httpd->graceful, 'a graceful restart';
    is_deeply [ map { $often->() } 1 .. 10 ], [ (401) x 10 ], 'E-08 does not bring it back';
    is statuses(10, $httpd, $as), '401:10', 'E-08 but ends it for the other as well';
    $httpd->stop;
}

# E-09: down at the start. 503 and Retry-After, and recovery without a single request.
{
    my $as = MCPTest::AS->start(keys => [$one]);
    $as->down;
    my $httpd = server("MCPIssuer @{[ $as->issuer ]}");
    my $res   = MCPTest::HTTP->new($httpd->url)->get('/mcp/x', Authorization => 'Bearer ' . MCPTest::JWT->new(key => $one, iss => $as->issuer, aud => 'https://mcp.example/mcp')->mint);
    is $res->status, 503, 'E-09 no keys yet: 503';
    ok $res->header('Retry-After'), 'E-09 Retry-After';
    is_deeply [ $res->headers('WWW-Authenticate') ], [], 'E-09 no challenge, so that nobody throws the token away';
    is(MCPTest::HTTP->new($httpd->url)->get('/mcp/x')->status, 401, 'E-09 no token: the usual challenge');
    $as->up;
    ok $httpd->wait_log(qr/MCP0105: .*1 keys/, 15), 'E-09 it recovers by itself';
    $as->clear;
    is statuses(10, $httpd, $as), '404:10', 'E-09 in every process';
    $httpd->stop;
}

# MCPStateDir: a new start in an outage serves at once, from what an earlier run has left, and from nothing else.
{
    my $as  = MCPTest::AS->start(keys => [$one]);
    my $dir = tempdir();
    chown scalar getpwnam('www-data'), -1, "$dir" or die "chown: $!" if !$<;
    my $conf  = "MCPStateDir $dir\nMCPIssuer @{[ $as->issuer ]}";
    my $httpd = server($conf);
    my $files = sub { my @all = glob "$dir/*"; return \@all };
    ok wait_until(5, sub { scalar grep { /\.json\z/ } @{ $files->() } }), 'a file is written';
    my ($file) = grep { /\.json\z/ } @{ $files->() };
    is((stat $file)[2] & 0777, 0600, 'for nobody else to read');
    my $kept = slurp($file);
    like $kept, qr/"issuer":"\Q@{[ $as->issuer ]}\E"/, 'it says whose keys they are';
    unlike $kept, qr/"d":/, 'they are public';
    $httpd->stop;
    is_deeply $files->(), [$file], 'nothing is left beside it';
    $as->down;
    $as->clear;

    # name => [text of the file, status]
    my $old = time - 86_500;
    my %left = (
        'what was written'      => [ $kept, 404 ],
        'nothing'               => [ undef, 503 ],
        'an empty file'         => [ '', 503 ],
        'half of it'            => [ substr($kept, 0, length($kept) / 2), 503 ],
        'garbage'               => [ "\0\xff" x 1000, 503 ],
        'keys too old'          => [ $kept =~ s/"fetched":\d+/"fetched":$old/r, 503 ],
        'keys of the future'    => [ $kept =~ s/"fetched":\d+/'"fetched":' . int(time + 1000)/er, 503 ],
        'another version'       => [ $kept =~ s/"version":1/"version":2/r, 503 ],
        'another configuration' => [ $kept =~ s/"identity":"./"identity":"x/r, 503 ],
        'no keys'               => [ $kept =~ s/"keys":\[.*?\]/"keys":[]/r, 503 ],
        'a set of another type' => [ $kept =~ s/"jwks":\{.*\}\}/"jwks":7}/r, 503 ],
        'a mere key set'        => [ $kept =~ s/"jwks":\{"sets":\[(\{.*?\]\}).*?\]\}/"jwks":$1/r, 404 ],
        'a huge file'           => [ $kept . ' ' x 2_000_000, 503 ],
    );
    for my $name (sort keys %left) {
        my ($text, $want) = @{ $left{$name} };
        defined $text ? spew($file, $text, 0600) : unlink $file;
        chown scalar getpwnam('www-data'), -1, $file if !$< && defined $text;
        my $server = server($conf);
        is status($server, $as), $want, "a start in an outage with $name: $want";
        $server->stop;
    }
    spew($file, $kept, 0600);
    my $server = server("MCPStateDir none\nMCPIssuer @{[ $as->issuer ]}");
    is status($server, $as), 503, 'without a state directory there is nothing';
    $server->stop;
    unlink $file;
    symlink '/etc/passwd', $file;
    $server = server($conf);
    is status($server, $as), 503, 'a symlink to something else does no harm';
    $as->up;
    ok wait_until(10, sub { -f $file && !-l $file }), 'and is replaced, not followed';
    $server->stop;
    like slurp('/etc/passwd'), qr/^root:/, 'what it showed is as it was';
}

# Two key URLs, one of which dies: keys of the other come and go as before, and those of the dead one serve on.
{
    my ($dead, $alive) = (MCPTest::AS->start(keys => [$one]), MCPTest::AS->start(keys => [$two]));
    my $dir = tempdir();
    chown scalar getpwnam('www-data'), -1, "$dir" or die "chown: $!" if !$<;
    my $conf = "MCPStateDir $dir\n<MCPIssuer \"@{[ $dead->issuer ]}\">\nMCPKeys " . join(' ', map { $_->issuer . $_->jwks_path } $dead, $alive) . "\n</MCPIssuer>";
    my $httpd = server($conf);
    my $three = MCPTest::Key->get('P-256', 3);
    ok wait_until(5, sub { status($httpd, $dead) == 404 }), 'keys of two URLs';
    is status($httpd, $dead, _key => $two), 404, 'count together';
    $dead->down;
    $alive->keys($three);
    ok $httpd->wait_log(qr/MCP0103: /, 8), 'one URL is dead: the rounds fail';
    ok wait_until(8, sub { status($httpd, $dead, _key => $three) == 404 }), 'a new key of the other counts';
    is statuses(10, $httpd, $dead, _key => $two), '401:10', 'the withdrawn one does not';
    is statuses(10, $httpd, $dead), '404:10', 'the key of the dead one does';
    my $res = MCPTest::HTTP->new($httpd->url)->get('/mcp/x', Authorization => 'Bearer ' . MCPTest::JWT->new(key => $two, iss => $dead->issuer, aud => 'https://mcp.example/mcp')->mint);
    like $res->header('WWW-Authenticate'), qr/error="invalid_token"/, 'keys that were kept are the whole: an unknown one is refused';
    ok $httpd->graceful, 'a graceful restart';
    is statuses(5, $httpd, $dead) . ' ' . statuses(5, $httpd, $dead, _key => $three), '404:5 404:5', 'keeps both';
    $httpd->stop;
    $alive->down;
    $httpd = server($conf);
    is statuses(5, $httpd, $dead) . ' ' . statuses(5, $httpd, $dead, _key => $three), '404:5 404:5', 'and so does the state directory';
    $dead->up;
    $dead->keys($two);
    ok wait_until(15, sub { status($httpd, $dead, _key => $two) == 404 }), 'the first is back, the second is dead';
    is status($httpd, $dead) . ' ' . status($httpd, $dead, _key => $three), '401 404', 'the other way round';
    $httpd->stop;
}

# E-20: the moment when keys are due, with many requests: one fetch, nobody waits, though the server is slow.
{
    my $as    = MCPTest::AS->start(keys => [$one]);
    my $httpd = server("MCPIssuer @{[ $as->issuer ]}");
    ok wait_until(5, sub { fetches($as) }), 'keys';
    $as->behave(jwks => 'slow:0.8');
    my $end = time + 5;
    my @bad;
    while (time < $end) {
        my $t = time;
        my $got = status($httpd, $as);
        push @bad, sprintf '%d after %.2f s', $got, time - $t if $got != 404 || time - $t > 0.5;
    }
    is_deeply \@bad, [], 'E-20 no request has waited for a refresh';
    $httpd->stop;
}

# Issuers that hang do not hold up the others.
{
    my @hung = map { MCPTest::AS->start(keys => [$one]) } 1 .. 3;
    $_->behave(metadata => 'hang') for @hung;
    my $as    = MCPTest::AS->start(keys => [$one]);
    my $httpd = server(join '', map { "MCPIssuer @{[ $_->issuer ]}\n" } @hung, $as);
    ok wait_until(5, sub { fetches($as) }), 'keys beside issuers that hang';
    my $start = time;
    ok wait_until(6, sub { fetches($as) >= 3 }), 'are refreshed as ever';
    cmp_ok time - $start, '<', 5.5, 'in time';
    $httpd->stop;
}

# E-19: a graceful restart every second under load; not one good token is refused.
{
    my $as    = MCPTest::AS->start(keys => [$one]);
    my $httpd = server("MCPIssuer @{[ $as->issuer ]}");
    ok wait_until(5, sub { status($httpd, $as) == 404 }), 'keys';
    my $end = time + 6;
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        my %seen;
        $seen{ eval { status($httpd, $as) } // 'lost' }++ while time < $end;
        syswrite $to, join(' ', map { "$_:$seen{$_}" } sort keys %seen);
        require POSIX;
        POSIX::_exit(0);
    }
    close $to;
    $httpd->graceful, sleep 1 while time < $end - 1;
    my $seen = readline $from;
    waitpid $pid, 0;
    like $seen, qr/^404:\d+$/, "E-19 answers over graceful restarts: $seen";
    $httpd->stop;
}

done_testing;
