// Loaded into test runs of mutants: properties draw the same cases each time, so that what kills a
// mutant is the mutant, and not a case that another run does not draw.

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
