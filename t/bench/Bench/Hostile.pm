package Bench::Hostile;
# What this module and its peers let in of some 700 tokens that nobody should: the same tokens, each asked for the same issuer,
# audience and scope by the means that its manual has for that.
#
#   Bench::Hostile::compare($plan);   # prints

use v5.36;
use Bench::Cost;
use Bench::Run;
use Bench::Servers;
use Bench::Tokens;
use List::Util 'sum0';
use MCPTest::Hostile;
use MCPTest::HTTP;

sub is_in ($server, $token) {
    return MCPTest::HTTP->new('127.0.0.1:' . $server->port)->get('/mcp', Authorization => "Bearer $token")->status == 200;
}

sub compare ($plan) {
    my $site = MCPTest::Hostile->new(
        iss => $Bench::Tokens::ISSUER, aud => $Bench::Tokens::RESOURCE, scope => 'files:read', rsa => Bench::Tokens::key('RS256'), ec => Bench::Tokens::key('ES256'),
    );
    my @tokens  = $site->tokens;
    my $as      = Bench::Cost::authorization_server();
    my $servers = Bench::Cost::servers($as);
    my @names   = grep { $servers->{$_} } Bench::Cost::names();
    my (%in, %count, @groups);
    for my $token (@tokens) {
        push @groups, $token->[0] if !$count{ $token->[0] }++;
        $in{ $token->[0] }{$_} += is_in($servers->{$_}, $token->[2]) for @names;
    }
    say "Good tokens that were refused: ", join(', ', map { refused($_, $servers->{$_}, $site) } @names), ".\n";
    say "Hostile tokens that were let in:\n";
    my @total = map { my $name = $_; sum0(map { $in{$_}{$name} } @groups) } @names;
    print Bench::Run::table([ 'what is wrong', 'tokens', @names ], (map { my $group = $_; [ $group, $count{$group}, map { $in{$group}{$_} || '' } @names ] } @groups),
        [ 'all', scalar @tokens, @total ]);
    return;
}

# By name, for who refuses all lets none in either.
sub refused ($name, $server, $site) {
    my @refused = map { $_->[0] } grep { !is_in($server, $_->[1]) } $site->good;
    return "$name " . (@refused ? scalar(@refused) . ' (' . join(', ', @refused) . ')' : 'none');
}

1;
