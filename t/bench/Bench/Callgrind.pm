package Bench::Callgrind;
1;
