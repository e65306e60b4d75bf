#!/usr/bin/perl
# The rooms of the house: who may include whom, who alone may include what, and the order of the files within core.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use File::Basename qw(basename dirname);
use File::Spec;
use House;
use Test::More;

# Each room, and the rooms it may look into.
my %below = (
    core  => [qw(core)],
    io    => [qw(io core)],
    httpd => [qw(httpd io core)],
    tools => [qw(tools core io)],
);

# Foreign headers by what they belong to. httpd's are all those that are in its include directory and not APR's.
my $foreign_httpd = qr/^(?:httpd|http_\w+|ap_\w+|util_\w+|mod_\w+|scoreboard|mpm_common)\.h$/;

# Within core, from low to high: a file may include those of lower levels, its own header, and no other.
my @levels = (
    [qw(limits view ascii words reason log alg address)],
    [qw(b64url json uri path scope digest units encode field answer keyfit scan siphash utf8 verifier)],
    [qw(bearer jwk challenge prm origin discovery profile snapshot value inquiry walk payload)],
    [qw(jws keysets mint record pick)],
    [qw(claims gather rpc)],
    [qw(policy introspect mirror issuer)],
    [qw(operation)],
);

# The sole includers, and the sole callers.
my %sole_include = ('jwt.h' => [qw(src/core/mint.c)], 'curl/curl.h' => [qw(src/io/fetch.c)]);
my %sole_call = (
    json_loadb => [qw(src/core/json.c)],
    json_loads => [],
    json_loadf => [],
    json_load_file => [],
    EVP_DigestVerify => [qw(src/core/verifier.c)],
    EVP_PKEY_verify => [qw(src/core/verifier.c)],
);

# The path of an include line as seen from the root; undef for a foreign header.
sub resolve {
    my ($file, $include) = @_;
    my $path = dirname($file) . "/$include";
    1 while $path =~ s{[^/]+/\.\./}{};
    $path =~ s{^\./}{};
    return -e $path ? $path : undef;
}

for my $room (sort keys %below) {
    my %allowed = map { $_ => 1 } @{ $below{$room} };
    my @wrong;

    for my $file (files("src/$room/*.[ch]")) {
        for my $include (includes($file)) {
            my $path = resolve($file, $include);

            if (defined $path) {
                my ($other) = $path =~ m{^src/(\w+)/};
                push @wrong, "$file includes $path" if !defined $other || !$allowed{$other};
            } elsif ($room ne 'httpd' && $include =~ $foreign_httpd) {
                push @wrong, "$file includes <$include>";
            }
        }
    }
    is_deeply(\@wrong, [], "$room looks only into @{$below{$room}}");
}

for my $header (sort keys %sole_include) {
    my @includers = grep { my $file = $_; grep { $_ eq $header } includes($file) } files('mod_auth_mcp.c', 'src/*/*.[ch]');
    is_deeply(\@includers, $sole_include{$header}, "<$header> has its sole includer");
}
for my $name (sort keys %sole_call) {
    my @callers = grep { code($_) =~ /\b$name\s*\(/ } files('mod_auth_mcp.c', 'src/*/*.[ch]');
    is_deeply(\@callers, $sole_call{$name}, "$name has its sole caller");
}

my %level;
for my $n (0 .. $#levels) {
    $level{$_} = $n for @{ $levels[$n] };
}
my (@unknown, @upward);
for my $file (files('src/core/*.[ch]')) {
    (my $name = basename($file)) =~ s/\.[ch]$//;
    if (!defined $level{$name}) {
        push @unknown, $file;
        next;
    }
    for my $include (grep { defined resolve($file, $_) } includes($file)) {
        (my $other = basename($include)) =~ s/\.h$//;
        next if $other eq $name || ($level{$name} == 0 && defined $level{$other} && $level{$other} == 0);
        push @upward, "$file includes $include" if !defined $level{$other} || $level{$other} >= $level{$name};
    }
}
is_deeply(\@unknown, [], 'every file of core has its level here');
is_deeply(\@upward, [], 'arrows within core point down');

done_testing;
