package Bench::Cost;
# The main table: what each kind of request costs this module and its peers, and how much memory 20,000 tokens take.
#
#   Bench::Cost::compare($plan);   # prints; $plan has rounds, count (requests of a round) and few (of a slow case)
#   Bench::Cost::memory($plan);

use v5.36;
use Bench::Run;
use Bench::Servers;
use Bench::Tokens;
use MCPTest::AS;
use MCPTest::Util qw(json_text run slurp spew);

our $OPAQUE = 'opaque-token-of-the-bench-0123456789';
my @NAMES  = ('mod_auth_mcp', 'mod_auth_openidc', 'mod_oauth2', 'haproxy');

# What one case is: its row in the table, where it asks, which tokens, what is answered, how often (peers that fetch keys for
# each of these tokens would take minutes).
sub cases ($plan) {
    my %file = map { $_ => Bench::Tokens::mint($_, $plan->{rounds} * $plan->{few}) } qw(RS256 ES256 EdDSA);
    my %new  = (path => '/mcp', status => 200, fresh => 1, count => $plan->{few});
    my %warm = (path => '/mcp', status => 200, count => $plan->{count});
    return (
        { row => 'path without authentication',   path   => '/none', status => 200, count => $plan->{count} },
        { row => 'no token',                      path   => '/mcp',  status => 401, count => $plan->{count} },
        { row => 'RS256, one warm token',         %warm, tokens => Bench::Tokens::mint('RS256', 1), warm => 200 },
        { row => 'RS256, 500 clients, warm',      %warm, tokens => Bench::Tokens::mint('RS256', 500), warm => 1000 },
        { row => 'RS256, each token new',         %new,  tokens => $file{RS256}, alg => 'RS256' },
        { row => 'ES256, each token new',         %new,  tokens => $file{ES256}, alg => 'ES256' },
        { row => 'EdDSA, each token new',         %new,  tokens => $file{EdDSA}, alg => 'EdDSA' },
        { row => 'RS256, each signature wrong',   %new,  tokens => Bench::Tokens::wrong($file{RS256}), status => 401, peers => 100 },
        { row => 'each kid unknown',              %new,  tokens => Bench::Tokens::unknown($file{RS256}, 5000), status => 401, peers => 100 },
        { row => 'introspected, cached',          %warm, tokens => Bench::Tokens::file($OPAQUE), port => 2, warm => 200 },
        { row => 'introspected, from MCPCache',   %warm, tokens => Bench::Tokens::file($OPAQUE), port => 3, warm => 200, only => 'mod_auth_mcp' },
    );
}

sub authorization_server () {
    my $as = MCPTest::AS->start(tls => 'good', keys => [ Bench::Tokens::keys() ]);
    $as->tokens({ $OPAQUE => { active => \1, iss => $Bench::Tokens::ISSUER, sub => 'alice', client_id => 'test-client',
        aud => $Bench::Tokens::RESOURCE, scope => 'files:read', exp => time + 86_400 } });
    return $as;
}

sub names () { return @NAMES }

# Those that are installed.
sub servers ($as) {
    my %server = (
        'mod_auth_mcp'     => Bench::Servers::ours($as),
        'mod_auth_openidc' => Bench::Servers::openidc($as),
        'mod_oauth2'       => Bench::Servers::oauth2($as),
        'haproxy'          => Bench::Servers::haproxy(),
    );
    for my $name (grep { !$server{$_} } @NAMES) {
        say "$name is not installed (make bench-deps): left out.\n";
        delete $server{$name};
    }
    return \%server;
}

# Each case for each server that can do it. Ours must be able to do all.
sub tried ($servers, $cases) {
    my @tried;
    for my $case (@$cases) {
        for my $name (grep { $servers->{$_} && ($case->{only} // $_) eq $_ } @NAMES) {
            my $try = { %$case, name => "$name $case->{row}", server => $servers->{$name} };
            next if $name eq 'haproxy' && ($case->{port} // 1) > 1;
            $try->{count} = $case->{peers} if $case->{peers} && $name =~ /openidc|oauth2/;
            if    (Bench::Run::works($try)) { push @tried, $try }
            elsif ($name eq 'mod_auth_mcp') { die "$try->{name}: not the answer that was expected\n" . $servers->{$name}->error_log }
        }
    }
    return @tried;
}

# httpd and haproxy without authentication, and what httpd's own refusals cost.
sub baselines ($plain, $haproxy, $count) {
    my %plain = (server => $plain, count => $count);
    return (
        { %plain, name => 'httpd',  path => '/none',   status => 200 },
        { %plain, name => 'sent',   path => '/none',   status => 200, tokens => Bench::Tokens::mint('RS256', 1) },
        { %plain, name => 'denied', path => '/denied', status => 403 },
        { %plain, name => 'basic',  path => '/basic',  status => 401 },
        $haproxy ? { server => $haproxy, name => 'haproxy', path => '/none', status => 200, count => $count } : (),
    );
}

# Tokens parsed and verified outside of any server.
sub bare ($case) {
    my $keys = Bench::Tokens::file(MCPTest::Key::jwks(Bench::Tokens::keys()));
    my $run  = sub ($bare, $first) {
        my $done = run([ 'taskset', '-c', (Bench::Run::cores())[0], Bench::Run::tool('crypto'), $keys, $case->{tokens}, $first, $case->{count} ]);
        my ($us, $good) = split ' ', $done->{out};
        die "bare crypto: $good of $case->{count} are good\n" if $good != $case->{count};
        return ($us, 1e6 / $us);
    };
    return { %$case, name => "bare $case->{row}", run => $run };
}

sub compare ($plan) {
    my $as      = authorization_server();
    my $servers = servers($as);
    my $plain   = Bench::Servers::plain();
    my @cases   = cases($plan);
    my @tried   = tried($servers, \@cases);
    my @base    = baselines($plain, $servers->{haproxy}, $plan->{count});
    my $fetched = fetches($as, \@tried, $plan->{few} < 1000 ? $plan->{few} : 1000);
    my $half    = int(@tried / 2);
    my @bare    = map { bare($_) } grep { $_->{alg} } @cases;
    my $cost    = Bench::Run::rounds($plan->{rounds}, [ @base, @tried[ 0 .. $half - 1 ], @base, @bare, @tried[ $half .. $#tried ], @base ]);
    print_costs($cost, \@cases, $servers);
    print_summary($cost, \@cases, $servers);
    say "Key fetches per 1,000 unknown kids: ", join(', ', map { "$_ $fetched->{$_}" } grep { exists $fetched->{$_} } @NAMES), ".\n";
    return;
}

# How often a server fetches the keys for 1,000 tokens with unknown kids. (haproxy has its keys in files.)
sub fetches ($as, $tried, $count) {
    my %fetched;
    for my $case (grep { $_->{row} eq 'each kid unknown' && $_->{name} !~ /haproxy/ } @$tried) {
        my ($name) = split ' ', $case->{name};
        $as->clear;
        Bench::Run::load($case, $count, 2000);
        $fetched{$name} = sprintf '%.0f', $as->count($as->jwks_path) * 1000 / $count;
    }
    return \%fetched;
}

# One row a case, one column a server: microseconds above no authentication, and how many times ours that is.
sub print_costs ($cost, $cases, $servers) {
    my @names = grep { $servers->{$_} } @NAMES;
    my $above = sub ($name, $row) { Bench::Run::above($cost, "$name $row", $name eq 'haproxy' ? 'haproxy' : 'httpd') };
    my $cell  = sub ($name, $row) {
        return '' if !$cost->{"$name $row"};
        my ($this, $ours) = map { $above->($_, $row) } $name, 'mod_auth_mcp';
        return sprintf '%.1f', $this if $name eq 'mod_auth_mcp' || $row =~ /without/ || $ours <= 0;
        return sprintf '%.1f (%.1f times)', $this, $this / $ours;
    };
    say "CPU time per request above no authentication, in microseconds; in parentheses how many times ours:\n";
    print Bench::Run::table([ 'request', @names ], map { my $row = $_->{row}; [ $row, map { $cell->($_, $row) } @names ] } @$cases);
    say "Requests per second:\n";
    my $rate = sub ($name, $row) { $cost->{"$name $row"} ? sprintf '%.0f', Bench::Run::rate($cost, "$name $row") : '' };
    print Bench::Run::table([ 'request', @names ], map { my $row = $_->{row}; [ $row, map { $rate->($_, $row) } @names ] } @$cases);
    return;
}

sub print_summary ($cost, $cases, $servers) {
    printf "Without authentication: httpd %.1f us and %.0f requests per second%s.\n", Bench::Run::cost($cost, 'httpd'), Bench::Run::rate($cost, 'httpd'),
        $servers->{haproxy} ? sprintf ', haproxy %.1f us and %.0f', Bench::Run::cost($cost, 'haproxy'), Bench::Run::rate($cost, 'haproxy') : '';
    printf "httpd without authentication, when a token is sent all the same, above that: %.1f us.\n", Bench::Run::above($cost, 'sent', 'httpd');
    printf "httpd's own refusals above that: Require all denied %.1f us, Basic without credentials %.1f us; ours without a token %.1f us.\n\n",
        (map { Bench::Run::above($cost, $_, 'httpd') } 'denied', 'basic', 'mod_auth_mcp no token');
    say "A token that is new, against parsing and verifying it outside of any server:\n";
    my @rows;
    for my $case (grep { $_->{alg} } @$cases) {
        my ($ours, $bare) = (Bench::Run::above($cost, "mod_auth_mcp $case->{row}", 'httpd'), Bench::Run::cost($cost, "bare $case->{row}"));
        push @rows, [ $case->{alg}, map { sprintf $_->[0], $_->[1] } [ '%.1f', $ours ], [ '%.1f', $bare ], [ '%.2f', $ours / $bare ] ];
    }
    print Bench::Run::table([ 'algorithm', 'mod_auth_mcp', 'bare', 'ratio' ], @rows);
    return;
}

# Resident memory in KB of the largest process that answers.
sub resident ($server) {
    my @pids = split ' ', `ps -o pid= --ppid @{[ $server->pid ]}`;
    my @size = sort { $b <=> $a } map { slurp("/proc/$_/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0 } grep { -e "/proc/$_" } @pids, @pids ? () : $server->pid;
    return $size[0];
}

sub memory ($plan) {
    my $as      = authorization_server();
    my $servers = servers($as);
    my $tokens  = Bench::Tokens::mint('RS256', 20_000);
    my @rows;
    for my $name (grep { $servers->{$_} } @NAMES) {
        my $case = { name => $name, server => $servers->{$name}, path => '/mcp', tokens => $tokens };
        Bench::Run::load($case, 100, 0);
        my $before = resident($servers->{$name});
        Bench::Run::load($case, 20_000, 0);
        my $after = resident($servers->{$name});
        push @rows, [ $name, $before, $after, $after - $before ];
    }
    say "Resident memory of the process that answers, in KB, before and after 20,000 distinct tokens:\n";
    print Bench::Run::table([ 'server', 'before', 'after', 'growth' ], @rows);
    return;
}

1;
