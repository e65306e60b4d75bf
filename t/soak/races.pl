#!/usr/bin/perl
# All threads of one process at once, as fast as they can, with what they share: the caches of tokens and of introspection, and keys that
# are exchanged every second. For ThreadSanitizer, whose report fails it (MCPTest::Httpd), as a wrong answer does.
#
#   make tsan                              # with MPM=event and MPM=worker

use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../bench";
use Bench::Cost;
use Bench::Run;
use Bench::Servers;
use Bench::Tokens;
use MCPTest::Key;
use POSIX 'WNOHANG';
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{SECONDS} || 20;
my $as      = Bench::Cost::authorization_server();
my $httpd   = Bench::Servers::ours($as, mpm => $ENV{MPM} // 'event', cores => Bench::Run::core_count(), conf => <<"END" . Bench::Servers::section());
MCPCAFile @{[ $as->ca_file ]}
MCPRefresh 1s 1s
MCPTokenCache 1M
Listen 127.0.0.1:\@PORT2\@
<MCPIssuer "$Bench::Tokens::ISSUER">
    MCPKeys @{[ $as->jwks_uri ]}
</MCPIssuer>
<VirtualHost *:\@PORT2\@>
    <MCPIssuer "$Bench::Tokens::ISSUER">
        MCPTokenFormat opaque
        MCPIntrospection @{[ $as->introspection_endpoint ]} 1s
        MCPClientAuth basic bench file:@{[ Bench::Tokens::secret() ]}
    </MCPIssuer>
</VirtualHost>
END

# More tokens than the cache has room for, so that each load of them finds, adds and discards.
my $good = Bench::Tokens::mint('RS256', 600);
my %load = (
    'known and new'    => { status => 200, tokens => $good },
    'more of them'     => { status => 200, tokens => $good, first => 300 },
    'wrong signatures' => { status => 401, tokens => Bench::Tokens::wrong($good) },
    'unknown keys'     => { status => 401, tokens => Bench::Tokens::unknown($good, 600) },
    'opaque'           => { status => 200, tokens => Bench::Tokens::file($Bench::Cost::OPAQUE), port => 2 },
);

# A process that makes a load until the time is over. Its exit code is 0 when every answer was as it should be.
sub start ($name, $load, $until) {
    my $pid = fork() // die "fork: $!";
    return $pid if $pid;
    my $case = { name => $name, server => $httpd, path => '/mcp', connections => 2, %$load };
    my $done = eval {
        while (time < $until) {
            my ($took, $status) = Bench::Run::load($case, 600, $load->{first} // 0);
            die "$name: expected $load->{status}, got @{[ %$status ]}\n" if ($status->{ $load->{status} } // 0) != 600;
        }
        1;
    };
    print STDERR "# $@" if !$done;
    POSIX::_exit($done ? 0 : 1);
}

my $until   = time + $seconds;
my %running = map { start($_, $load{$_}, $until) => $_ } sort keys %load;
my $turn    = 0;
while (%running) {
    $as->keys(Bench::Tokens::keys(), MCPTest::Key->get('P-256', 'races-' . ++$turn % 2));
    sleep 1;
    for my $pid (keys %running) {
        is $?, 0, 'every answer was right: ' . delete $running{$pid} if waitpid $pid, WNOHANG;
    }
}
cmp_ok $as->count($as->jwks_path), '>', $seconds / 4, 'keys were fetched again and again';
$httpd->stop;
done_testing;
