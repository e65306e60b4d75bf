package Bench::Sweeps;
1;
