#!/usr/bin/perl
# E-01 to E-11, E-13, E-19 to E-23. What an outage costs: authorization servers that fail in every way, all at the same time, and what tokens
# saw of it. The table in docs/operations.md is computed here; UPDATE=1 writes it.
#
# Each fault has two issuers: one whose keys had been fetched when the fault began, and one that had it from the start.

use v5.36;
use Test::More;
use MCPTest::AS;
use MCPTest::HTTP;
use MCPTest::Httpd;
use MCPTest::JWT;
use MCPTest::Key;
use MCPTest::Util qw(json_data json_text project_dir run slurp spew tempdir wait_until);
use POSIX ();
use Time::HiRes qw(sleep time);

my $WINDOW = 7;    # seconds that a fault lasts at least
my ($one, $two) = map { MCPTest::Key->get('P-256', $_) } 1 .. 2;
my $in_place = { %{ $two->jwk }, kid => $one->kid };
my $later    = { headers => [ [ 'Retry-After', 30 ] ], json => { keys => [ $one->jwk ] } };
my $dated    = { headers => [ [ Date => 'Thu, 01 Jan 1970 00:00:00 GMT' ], [ 'Cache-Control', 'max-age=1000000000000' ] ], json => { keys => [ $one->jwk ] } };
my @tls      = ([ expired => 'expired' ], [ self_signed => 'self-signed' ], [ wrong_name => 'for another name' ], [ unknown_ca => 'of an unknown authority' ]);

# [ threats, words, what to do to an authorization server so that it is at fault, what else is odd ]
# late: it cannot be there from the start, or says nothing new then. key, kid: of the token. delays: the refresh of other issuers, so it
# has an httpd with its like.
my @faults = (
    [ 'E-09 E-10', 'down',                                   sub ($as) { $as->down } ],
    [ 'E-03',      'slow: answers after 0.8 s',              jwks('slow:0.8'), delays => 1 ],
    [ 'E-03',      'hangs: no answer to anything',           sub ($as) { $as->behave(jwks => 'hang', metadata => 'hang') }, delays => 1 ],
    [ 'E-03',      'one byte each half second',              jwks('drip:0.5'), delays => 1 ],
    [ 'E-04',      'status 500',                             jwks('500') ],
    [ 'E-04',      'status 404',                             jwks('404') ],
    [ 'E-04',      'status 204',                             jwks('204') ],
    [ 'E-04',      'HTML',                                   jwks('html') ],
    [ 'E-04',      'the right keys as `text/plain`',         jwks('text') ],
    [ 'E-04',      'JSON cut in the middle',                 jwks('cut') ],
    [ 'E-04',      'less than `Content-Length` says',        jwks('cut_short') ],
    [ 'E-04',      'a set without usable keys',              jwks('no_usable_keys') ],
    [ 'E-02',      'endless body',                           jwks('endless') ],
    [ 'E-02',      'gzip bomb',                              jwks('gzip_bomb:5') ],
    [ 'E-02',      'two `Content-Length` fields',            jwks('two_lengths') ],
    [ 'E-01',      'redirect to another path',               jwks('redirect:/elsewhere') ],
    [ 'E-01',      'redirect to a file',                     jwks('to_file') ],
    [ 'E-13',      'metadata of another issuer',             metadata('wrong_issuer:https://evil.example') ],
    (map { my $kind = $_->[0]; [ 'E-11', "certificate $_->[1]", sub ($as) { with_tls($as, $kind) }, tls => 1 ] } @tls),
    [ 'E-06', 'rotation, new `kid`: the new key',            keys_of($two),      late => 1, key => $two ],
    [ 'E-07', 'rotation, same `kid`: the new key',           keys_of($in_place), late => 1, key => $two, kid => $one->kid ],
    [ 'E-08', 'rotation: the withdrawn key',                 keys_of($two),      late => 1 ],
    [ 'E-04', 'useless keys beside the good one',            jwks('bad_key_among_good') ],
    [ 'E-02', '10,000 keys behind the good one',             jwks('many_keys'),       late => 1 ],
    [ 'E-02', '1,000 keys before the good one',              jwks('many_keys_first:1000'), late => 1 ],
    [ 'E-22', '`Cache-Control: max-age=0`',                  jwks('cache_control:max-age=0') ],
    [ 'E-22', '`Cache-Control: max-age=10^12`, a `Date` of 1970', jwks($dated) ],
    [ 'E-23', 'status 429 with `Retry-After: 5`',            jwks('retry_after:5') ],
    [ 'E-23', 'status 200 with `Retry-After: 30`',           jwks($later) ],
);

sub jwks ($how)     { return sub ($as) { $as->behave(jwks     => $how) } }
sub metadata ($how) { return sub ($as) { $as->behave(metadata => $how) } }
sub keys_of (@keys) { return sub ($as) { $as->keys(@keys) } }

# Another process may have taken a port in between; then again.
sub with_tls ($as, $kind) {
    $as->{tls} = $kind;
    for (1 .. 3) {
        $as->down;
        last if eval { $as->up; 1 };
    }
    return;
}

# What a fault has in the end: words, ids, the two authorization servers, the token.
my $jwt = MCPTest::JWT->new(key => $one, aud => 'https://mcp.example/mcp');
sub subject ($threats, $words, $break, %odd) {
    my $make = sub {
        my $as = MCPTest::AS->start(keys => [$one]);
        with_tls($as, 'good') if $odd{tls};
        return $as;
    };
    my %fault = (ids => $threats, words => $words, break => $break, tls => $odd{tls}, held => $make->(), $odd{late} ? () : (bare => $make->()), at => $odd{delays} ? 'delayed' : 'all');
    $fault{token}{$_} = $jwt->mint(iss => $fault{$_}->issuer, _key => $odd{key} // $one, _header => { kid => $odd{kid} // ($odd{key} // $one)->kid })
        for grep { $fault{$_} } qw(held bare);
    $fault{first} = $jwt->mint(iss => $fault{held}->issuer);
    return \%fault;
}

my $mpm = ($ENV{MPM} // '') eq 'prefork' ? "StartServers 48\nMaxSpareServers 60" : "StartServers 3\nThreadsPerChild 25\nMaxSpareThreads 75";

# Tokens are verified each time, so that nothing but keys is looked at.
sub server ($issuers, %opt) {
    return MCPTest::Httpd->start(log_level => 'info', files => { 'htdocs/x' => 'here' }, %opt, conf => <<"END");
$mpm
MaxRequestWorkers 75
MCPTokenCache off
MCPTimeout 1s
MCPRefresh 2s 2s
MCPCAFile \@CA@
@{[ map { "MCPIssuer " . $_->issuer . "\n" } @$issuers ]}
<Location "/mcp">
    AuthType MCP
    MCPResource https://mcp.example/mcp
    Require valid-user
</Location>
Alias /mcp \@ROOT@/htdocs
END
}

# What was seen of one kind of token: how often each status, the slowest answer, and whether each 503 was as it should be.
sub saw ($seen, $res, $took) {
    my $status = $res->status || 'lost';
    $seen->{$status}++;
    $seen->{slowest} = $took if $took > ($seen->{slowest} // 0);
    $seen->{unfit}++ if $status eq '503' && (!$res->header('Retry-After') || $res->headers('WWW-Authenticate'));
    return $status;
}

sub ask ($seen, $httpd, $token) {
    my $start = time;
    return saw($seen, MCPTest::HTTP->new($httpd->url, timeout => 20)->get('/mcp/x', Authorization => "Bearer $token"), time - $start);
}

# Does something in a process of its own; what it returns is what the returned function returns when it is called.
sub apart ($do) {
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        close $from;
        syswrite $to, json_text(eval { $do->() } // { lost => 1, slowest => 0, why => "$@" });
        POSIX::_exit(0);
    }
    close $to;
    return sub {
        my $text = join '', readline $from;
        waitpid $pid, 0;
        return json_data($text);
    };
}

# Asks with one token again and again until a moment, or as long as something is so.
sub asking ($httpd, $token, $until, $pause = 0.2) {
    return apart(sub {
        my %seen;
        do { ask(\%seen, $httpd, $token); sleep $pause } while ref $until ? $until->() : time < $until;
        return \%seen;
    });
}

sub statuses ($seen) { return join ' ', sort grep { /^(?:\d+|lost)$/ } keys %$seen }

# Cells. Times and counts are coarse, so that they are much the same in every run.
sub speed ($seconds) {
    my ($within) = grep { $seconds < $_->[0] } [ 0.6, 'at once' ], [ 1.5, 'within 1.5 s' ], [ 3, 'within 3 s' ], [ 1000, 'late' ];
    return $within->[1];
}
sub answers ($seen)   { return $seen ? join(' or ', map { "`$_`" } split / /, statuses($seen)) . ' ' . speed($seen->{slowest}) : '' }
sub requests ($count) { return !$count ? 'none' : $count <= 20 ? 'up to 20' : $count <= 200 ? 'up to 200' : 'more' }

my @rows;
sub row (@cells) {
    push @rows, '| ' . join(' | ', map { $_ eq '' ? '-' : $_ } @cells) . " |\n";
    return;
}

# Lines of a log about an issuer that an operator sees at LogLevel warn.
sub marks ($log, @as) {
    my %mark;
    for my $as (@as) {
        my $issuer = quotemeta $as->issuer;
        $mark{$1}++ while $log =~ /^\S.*?\[auth_mcp:(?:warn|error)\][^\n]* (MCP\d{4}): issuer "$issuer"/mg;
    }
    return join ' ', sort keys %mark;
}

# The faults, all at once.
my @subjects = map { subject(@$_) } @faults;
$_->{break}->($_->{bare}) for grep { $_->{bare} } @subjects;
my $flood = MCPTest::AS->start(keys => [$one]);
my $herd  = MCPTest::AS->start(keys => [$one]);
my %more  = (all => [ $flood, $herd ]);
my %httpd = map { my $at = $_; ($at => server([ @{ $more{$at} // [] }, map { ($_->{held}, $_->{bare} // ()) } grep { $_->{at} eq $at } @subjects ])) } qw(all delayed);
my $dir   = tempdir();
my $fails = sub { !-e "$dir/end" };
$_->{bare_seen} = asking($httpd{ $_->{at} }, $_->{token}{bare}, $fails, 0.3) for grep { $_->{bare} } @subjects;
for my $fault (@subjects) {
    ask(\my %seen, $httpd{ $fault->{at} }, $fault->{first});
    is statuses(\%seen), '200', "$fault->{words}: keys before";
}
$_->{break}->($_->{held}) for @subjects;
$_->{held}->clear for @subjects;
my $held_seen = apart(sub {
    my @seen = map { +{} } @subjects;
    while ($fails->()) {
        ask($seen[$_], $httpd{ $subjects[$_]{at} }, $subjects[$_]{token}{held}) for 0 .. $#subjects;
        sleep 0.1;
    }
    return \@seen;
});

# E-19: meanwhile another server is restarted every second.
my $loaded = MCPTest::AS->start(keys => [$one]);
my $shaken = server([$loaded]);
my $token  = $jwt->mint(iss => $loaded->issuer);
ask(\my %first, $shaken, $token);
$loaded->clear;
my $shaken_seen = asking($shaken, $token, $fails, 0);
my $began       = time;

# The fault is over when it has met each authorization server that can be met, twice: one round waits for another.
my $met = sub { !grep { !$_->{tls} && $_->{held}{pid} && $_->{held}->count < 2 && $_->{words} !~ /metadata/ } @subjects };
while (time < $began + $WINDOW || (time < $began + 3 * $WINDOW && !$met->())) {
    my $next = time + 1;
    $shaken->graceful or last;
    sleep($next - time) if $next > time;
}
spew("$dir/end", '');
my $lasted   = time - $began;
$shaken_seen = $shaken_seen->();
$held_seen   = $held_seen->();
$_->{bare_seen} = $_->{bare_seen}->() for grep { $_->{bare} } @subjects;
my %log = map { $_ => $httpd{$_}->error_log(all => 1) } keys %httpd;
for my $fault (@subjects) {
    $fault->{requests} = (sort { $b <=> $a } map { $fault->{$_} ? scalar $fault->{$_}->count : 0 } qw(held bare))[0];
    $fault->{marks}    = marks($log{ $fault->{at} }, grep { defined } @$fault{qw(held bare)});
}

# All is well again, and nobody asks.
$_->mark for values %httpd;
for my $as (map { ($_->{held}, $_->{bare} // ()) } @subjects) {
    $as->{tls} ? with_tls($as, 'good') : $as->up;
    $as->behave(jwks => undef, metadata => undef);
}
my $ended   = time;
my %failing = map { $_->issuer => 1 } grep { marks(join('', values %log), $_) =~ /MCP010[34]/ } map { ($_->{held}, $_->{bare} // ()) } @subjects;
wait_until(25, sub {
    my $new = join '', map { $_->error_log } values %httpd;
    delete @failing{ $new =~ /MCP0105: issuer "([^"]+)"/g };
    return !%failing;
});
note sprintf 'faults of %.1f s, recovered after %.1f s', $lasted, time - $ended;
for my $i (0 .. $#subjects) {
    my ($fault, $held) = ($subjects[$i], $held_seen->[$i]);
    my $bare = $fault->{bare} && $fault->{bare_seen};
    my $late = grep { $fault->{$_} && $failing{ $fault->{$_}->issuer } } qw(held bare);
    for my $which (grep { $fault->{$_} } qw(held bare)) {
        my $want = $fault->{words} =~ /withdrawn/ ? '401' : '200';
        ask(\my %seen, $httpd{ $fault->{at} }, $fault->{token}{$which});
        is statuses(\%seen), $want, "$fault->{ids} $fault->{words}: afterwards ($which)";
        $late ||= statuses(\%seen) ne $want;
    }
    my $never = $fault->{words} =~ /before the good one/ ? '401' : '503';    # the good one is left out
    ok !$held->{$never} && !$held->{lost} && !$held->{unfit}, "$fault->{ids} $fault->{words}: no $never with keys at hand" or diag explain $held;
    ok !$bare || (!$bare->{unfit} && !$bare->{401} && !$bare->{lost}), "$fault->{ids} $fault->{words}: 503 is without challenge and has Retry-After" or diag explain $bare;
    note sprintf '%-50s held %.2f s, bare %.2f s, %d requests', $fault->{words}, $held->{slowest}, $bare ? $bare->{slowest} : 0, $fault->{requests};
    cmp_ok $fault->{requests}, '>=', 2, "$fault->{ids} $fault->{words}: keys are fetched anew all the same" if $fault->{ids} eq 'E-22';
    cmp_ok $fault->{requests}, '<=', 6 + 2 * int($lasted / 5), "$fault->{ids} $fault->{words}: which is heeded" if $fault->{words} =~ /429/;
    my $failed = $fault->{marks} =~ /MCP010[34]/;
    row($fault->{words}, answers($held), answers($bare), $late ? 'no' : $failed ? 'yes' : '', requests($fault->{requests}), $fault->{marks});
}

my $httpd = $httpd{all};

# Many at once: each in a process, with one connection. Good tokens are asked with at the same time.
sub crowd ($as, $clients, @tokens) {
    my $good  = asking($httpd, $jwt->mint(iss => $as->issuer), time + 2.5, 0.02);
    my @crowd = map {
        my @own = splice @tokens, 0, @tokens / ($clients - $_ + 1);
        apart(sub {
            my $start = time;
            my @res   = MCPTest::HTTP->new($httpd->url, timeout => 20)->pipeline(map { [ GET => '/mcp/x', [ Authorization => "Bearer $_" ] ] } @own);
            my %seen;
            saw(\%seen, $_, time - $start) for @res;
            return \%seen;
        });
    } 1 .. $clients;
    my %all;
    for my $seen (map { $_->() } @crowd) {
        $all{$_} += $seen->{$_} for grep { !/slowest/ } keys %$seen;
        $all{slowest} = $seen->{slowest} if $seen->{slowest} > ($all{slowest} // 0);
        $all{quickest} = $seen->{slowest} if $seen->{slowest} < ($all{quickest} // 1000);
    }
    return (\%all, $good->(), $as->count($as->jwks_path));
}

# E-05: 1,000 tokens with unknown kids.
{
    my $start = time;
    $flood->clear;
    my ($forged, $good, $fetches) = crowd($flood, 20, map { $jwt->mint(iss => $flood->issuer, _header => { kid => "flood-$_" }, _signature => 'x' x 64) } 1 .. 1000);
    my $allowed = 2 + int((time - $start) / 2) + int((time - $start) / 1.8);
    is $forged->{401}, 1000, 'E-05 1,000 unknown kids are 401' or diag explain $forged;
    is statuses($good), '200', 'E-05 good tokens meanwhile';
    cmp_ok $fetches, '<=', $allowed, "E-05 at most $allowed fetches";
    note sprintf 'flood: %d fetches, slowest client %.1f s, good token %.2f s', $fetches, $forged->{slowest}, $good->{slowest};
    row('1,000 tokens with unknown `kid`s at once', answers($good), '', '', requests($fetches), marks($httpd->error_log, $flood));
}

# E-20: 200 at the moment when keys are due.
{
    ask(\my %seen, $httpd, my $token = $jwt->mint(iss => $herd->issuer));
    $herd->behave(jwks => 'slow:0.7');
    $herd->clear;
    ok wait_until(5, sub { $herd->count($herd->jwks_path) }), 'E-20 keys are due';
    my ($all, $good, $fetches) = crowd($herd, 20, ($token) x 200);
    is $all->{200}, 200, 'E-20 200 tokens while keys are fetched' or diag explain $all;
    cmp_ok $all->{quickest}, '<', 0.7, 'E-20 one need not wait for that';
    cmp_ok $fetches, '<=', 4, 'E-20 one fetch at a time';
    $all->{slowest} = $good->{slowest} if $good->{slowest} > $all->{slowest};
    row('slow when keys are due, 200 tokens at once', answers($all), '', '', requests($fetches), marks($httpd->error_log, $herd));
}
$_->stop for values %httpd;

is statuses($shaken_seen), '200', "E-19 graceful restarts: " . ($shaken_seen->{200} // 0) . ' answers';
row('httpd: graceful restart every second, under load', answers($shaken_seen), '', '', requests(scalar $loaded->count($loaded->jwks_path)), marks($shaken->error_log(all => 1), $loaded));
note grep { /MCP010[34]/ } map { "$_\n" } split /\n/, $shaken->error_log(all => 1);
$shaken->stop;

# E-21: the wall clock of httpd's machine is set, a day on and a day back. Keys go by another clock; tokens do not.
{
    my $cc  = run([ $ENV{CC} || 'cc', qw(-shared -fPIC -O1 -o), "$dir/clockstep.so", project_dir() . '/t/lib/clockstep.c' ]);
    is $cc->{exit}, 0, 'the clock can be stepped' or diag $cc->{err};
    my $step   = sub ($days) { open my $file, '+<', "$dir/step" or die "step: $!"; syswrite $file, pack 'q', $days * 86_400 };
    my $as     = MCPTest::AS->start(keys => [$one]);
    spew("$dir/step", pack 'q', 0);
    my $server = server([$as], env => { CLOCKSTEP => "$dir/step", LD_PRELOAD => join ' ', $ENV{MCP_LD_PRELOAD} // (), "$dir/clockstep.so" });
    my $long   = $jwt->mint(iss => $as->issuer, exp => time + 3 * 86_400, without => ['iat']);
    my $short  = $jwt->mint(iss => $as->issuer, without => ['iat']);
    ask(my $seen = {}, $server, $long);
    $as->clear;
    my %short;
    for my $days (1, 0, -1) {
        $step->($days);
        my $before = $as->count($as->jwks_path);
        $short{$days} = ask({}, $server, $short);
        ok wait_until(6, sub { ask($seen, $server, $long); $as->count($as->jwks_path) >= $before + 2 }), "E-21 $days d: keys are fetched as before";
    }
    is statuses($seen), '200', 'E-21 keys serve over steps of the clock';
    is_deeply \%short, { 1 => '401', 0 => '200', -1 => '200' }, 'E-21 exp goes by the wall clock';
    row("httpd: clock set a day on and a day back", answers($seen), '', '', requests($as->count($as->jwks_path)), marks($server->error_log(all => 1), $as));
    $server->stop;
}

# The table.
my $file  = project_dir() . '/docs/operations.md';
my $head  = "| Fault | Keys at hand | No keys yet | Recovers | Requests | Log |\n|---|---|---|---|---|---|\n";
my $table = join '', $head, @rows;
my ($before, $old, $after) = slurp($file) =~ /\A(.*<!-- faults -->\n)(.*?)(<!-- end of faults -->\n.*)\z/s;
ok defined $old, 'operations.md has a place for the table';
spew($file, "$before$table$after") if $ENV{UPDATE} && defined $old;

# How long something took and how often is of one run, and whether somebody asked before it; the rest is of every run.
sub timeless ($text) {
    return map { s/ (?:at once|within [\d.]+ s|late)(?= \|)//gr =~ s/ \| (?:up to \d+|more) \| / | some | /r =~ s/`200` or (?=`)//r } split /\n/, $text;
}
my %was = map { $_ => 1 } timeless($old // '');
is_deeply [ grep { !$was{$_} } timeless($table) ], [], 'and it is right';
is scalar(keys %was), @rows + 2, 'whole';
diag $table if !Test::More->builder->is_passing;

done_testing;
