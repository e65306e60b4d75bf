package Bench::Sweeps;
# How the cost of a token grows, or differs: each part starts a server for every point and lets all points take turns. What is
# printed is above no authentication of the same server.

use v5.36;
use Bench::Cost;
use Bench::Run;
use Bench::Servers;
use Bench::Tokens;
use MCPTest::Key;
use MCPTest::Util 'run';

# An issuer whose keys are in a file: nothing is fetched.
sub issuer ($url = $Bench::Tokens::ISSUER) { return "<MCPIssuer \"$url\">\n    MCPKeys file:\@ROOT\@/conf/keys.json\n</MCPIssuer>\n" }

sub server ($conf, %opt) { return Bench::Servers::httpd($conf, modules => ['socache_shmcb'], %opt) }

# A point is { label, server, and optionally alg and claims of its tokens }.
sub cases ($plan, $point) {
    my ($alg, %claims) = ($point->{alg} // 'RS256', %{ $point->{claims} // {} });
    my %case = (server => $point->{server}, status => 200, count => $plan->{count});
    my $warm = Bench::Tokens::mint($alg, 1, %claims);
    my $new  = Bench::Tokens::mint($alg, $plan->{rounds} * $plan->{few}, %claims);
    return (
        { %case, name => "$point->{label} none", path => '/none' },
        { %case, name => "$point->{label} warm", path => '/mcp', tokens => $warm, warm => 400 },
        { %case, name => "$point->{label} new",  path => '/mcp', tokens => $new, fresh => 1, count => $plan->{few} },
    );
}

sub sweep ($plan, $title, @points) {
    my $cost = Bench::Run::rounds($plan->{rounds}, [ map { cases($plan, $_) } @points ]);
    my @rows = map {
        my $label = $_->{label};
        [ $label, sprintf('%.1f', Bench::Run::cost($cost, "$label none")),
            (map { sprintf '%.1f', Bench::Run::above($cost, "$label $_", "$label none") } 'warm', 'new'),
            (map { sprintf '%.0f', Bench::Run::rate($cost, "$label $_") } 'none', 'warm', 'new') ]
    } @points;
    my @head = ('none, us', 'warm, us above', 'new, us above', 'none, per second', 'warm, per second', 'new, per second');
    print Bench::Run::table([ $title, @head ], @rows);
    return;
}

sub mpm ($plan) {
    my $conf = issuer() . Bench::Servers::section();
    sweep($plan, 'MPM', map { { label => $_, server => server($conf, mpm => $_) } } qw(event worker prefork));
    return;
}

sub cores ($plan) {
    my $conf = issuer() . Bench::Servers::section();
    my @count = grep { $_ <= Bench::Run::core_count() } 1, 2;
    say 'There is no second core for the server.' if @count < 2;
    say "With all cores for the server the client shares them.\n" if Bench::Run::core_count() == 2;
    sweep($plan, 'cores', map { { label => $_, server => server($conf, cores => $_) } } @count);
    return;
}

# Tokens are those of the last issuer.
sub issuers ($plan) {
    my @points = map {
        my @url = map { "https://auth$_.example.com" } 1 .. $_;
        { label => $_, server => server(join('', map { issuer($_) } @url) . Bench::Servers::section()), claims => { iss => $url[-1] } }
    } 1, 10, 100;
    sweep($plan, 'issuers', @points);
    return;
}

# Tokens have the kid of the last key.
sub keys ($plan) {
    my @points = map {
        my @jwk = map { Bench::Tokens::key('RS256')->jwk(kid => "key-$_") } 1 .. $_;
        my $set = MCPTest::Key::jwks(@jwk);
        { label => $_, server => server(issuer() . Bench::Servers::section(), files => { 'conf/keys.json' => $set }), claims => { _kid => "key-$_" } }
    } 1, 8, 64;
    sweep($plan, 'keys', @points);
    return;
}

# The scope that is asked for is the last one.
sub scopes ($plan) {
    my $server = server("LimitRequestFieldSize 16384\n" . issuer() . Bench::Servers::section());
    my @points = map { { label => $_, server => $server, claims => { scope => join ' ', (map { "scope-$_" } 2 .. $_), 'files:read' } } } 1, 10, 50, 200;
    sweep($plan, 'scopes', @points);
    return;
}

# ES256, whose signature leaves room in half a kilobyte.
sub size ($plan) {
    my $server = server("LimitRequestFieldSize 16384\n" . issuer() . Bench::Servers::section());
    my ($least) = map { length } Bench::Tokens::lines(Bench::Tokens::mint('ES256', 1, pad => ''));
    my @points = map {
        my $bytes = int(($_ * 1024 - $least) * 3 / 4);
        { label => $_, server => $server, alg => 'ES256', claims => { pad => 'x' x ($bytes > 0 ? $bytes : 0) } }
    } 0.5, 1, 2, 4, 8;
    sweep($plan, 'token, KB', @points);
    return;
}

# The section that is asked for is the last one.
sub locations ($plan) {
    my @points = map {
        my $others = join '', map { Bench::Servers::section("/other/$_") } 2 .. $_;
        { label => $_, server => server(issuer() . $others . Bench::Servers::section()) }
    } 1, 10, 100, 1000;
    sweep($plan, 'protected locations', @points);
    return;
}

# A measurement by h2load instead of our client: (us per request, requests per second).
sub by_h2load ($case, $first) {
    my @token  = map { (-H => "authorization: Bearer $_") } $case->{tokens} ? Bench::Tokens::lines($case->{tokens}) : ();
    my $before = Bench::Run::cpu($case->{server});
    my $said   = run([ 'h2load', '-n', $case->{count}, '-c', 4, '-m', 1, $case->{h1} ? '--h1' : (), @token, "$case->{origin}$case->{path}" ])->{out};
    my $spent  = Bench::Run::cpu($case->{server}) - $before;
    my ($good, $rate) = ($said =~ /status codes: (\d+) 2xx/, $said =~ m{([\d.]+) req/s});
    die "$case->{name}: $said" if ($good // 0) != $case->{count};
    return (1e6 * $spent / $case->{count}, $rate);
}

# HTTP/1.1 and h2, with TLS and without. h2load sends the same token with each request.
sub protocol ($plan) {
    if (run(['h2load', '--version'])->{exit}) {
        say "h2load is not installed (make bench-deps): left out.\n";
        return;
    }
    my $server = server("Listen 127.0.0.1:\@PORT2\@\n<VirtualHost *:\@PORT2\@>\n\@TLS\@</VirtualHost>\n" . issuer() . Bench::Servers::section(), tls => 1);
    my %case   = (server => $server, run => \&by_h2load, count => $plan->{count});
    my @origin = ([ 'HTTP/1.1', 'http', 1, 1 ], [ 'HTTP/1.1 over TLS', 'https', 2, 1 ], [ 'h2 over TLS', 'https', 2, 0 ]);
    my $warm   = Bench::Tokens::mint('RS256', 1);
    my @cases;
    for my $origin (@origin) {
        my ($label, $scheme, $port, $h1) = @$origin;
        my %this = (%case, origin => "$scheme://127.0.0.1:" . $server->port($port), h1 => $h1);
        push @cases, { %this, name => "$label none", path => '/none' }, { %this, name => "$label warm", path => '/mcp', tokens => $warm };
    }
    my $cost = Bench::Run::rounds($plan->{rounds}, \@cases);
    my @rows = map {
        my $label = $_->[0];
        [ $label, sprintf('%.1f', Bench::Run::cost($cost, "$label none")), sprintf('%.1f', Bench::Run::above($cost, "$label warm", "$label none")),
            map { sprintf '%.0f', Bench::Run::rate($cost, "$label $_") } 'none', 'warm' ]
    } @origin;
    print Bench::Run::table([ 'protocol', 'none, us', 'warm, us above', 'none, per second', 'warm, per second' ], @rows);
    return;
}

1;
