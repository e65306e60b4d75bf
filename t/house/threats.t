#!/usr/bin/perl
# t/threats.txt has an answer for every attack and fault of the catalogue, and for those it describes itself, and each answer is there.

use v5.36;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use MCPTest::Util qw(project_dir slurp);

chdir project_dir() or die "chdir: $!";
my %last   = (A => 29, B => 37, C => 14, D => 32, E => 23, F => 15, G => 11, H => 45, I => 41, J => 13);
my %text   = map { $_ => slurp($_) } 'docs/mod_auth_mcp.md', 'Makefile';
my %answer = (
    test => sub ($id, $file) { -e $file && ($text{$file} //= slurp($file)) =~ /\b$id\b/ },
    docs => sub ($id, $words) { index($text{'docs/mod_auth_mcp.md'}, $words) >= 0 },
    make => sub ($id, $target) { $text{Makefile} =~ /^\Q$target\E:/m },
);
my %answered;
for my $line (grep { !/^(?:#|$)/ } split /\n/, slurp('t/threats.txt')) {
    my ($id, $kind, $what) = $line =~ /^([A-Z]-\d\d)  (test|docs|make)  (\S.*)$/ or do { fail "a line that cannot be read: $line"; next };
    ok $answer{$kind}->($id, $what), "$id: $kind $what";
    $answered{$id}++;
}
for my $section (sort keys %last) {
    is_deeply [ grep { !$answered{$_} } map { sprintf '%s-%02d', $section, $_ } 1 .. $last{$section} ], [], "section $section has no gap";
}
my @own = slurp('t/threats.txt') =~ /^# ([A-Z]-\d\d)  \S/mg;
is_deeply [ grep { !$answered{$_} } @own ], [], 'what was found by ourselves has no gap';
is_deeply [ grep { my $id = $_; !$last{ substr $id, 0, 1 } && !grep { $id eq $_ } @own } sort keys %answered ], [], 'nothing unknown is answered';

done_testing;
