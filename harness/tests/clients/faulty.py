"""Clients with one fault each; ``test_detection`` says of every one what its explanation must name.

They are what people really write: a method replaced in a subclass, a shortcut, a check that forgets a case. The parts
that a client leaves alone are faithful (see ``faithful``), so that whatever is found is its fault.

A candidate is ``faulty:Name``, whichever module of this folder has the class: ``faulty_bodies`` (text, buffers, files),
``faulty_streams`` (iterables, chunks), ``faulty_framing``, ``faulty_fields``, ``faulty_lines`` (request line, Host),
``faulty_wires``, ``faulty_state``, ``faulty_limits`` (sizes and sequences), and ``faulty_subtle`` (one combination of
arguments). ``FAULTS`` in ``test_detection`` has an entry for each public class of these modules, by its name: a program
that wants them all takes ``getattr(faulty, name)`` for each ``name`` in ``FAULTS``.
"""

from faulty_bodies import *  # noqa: F403
from faulty_fields import *  # noqa: F403
from faulty_framing import *  # noqa: F403
from faulty_limits import *  # noqa: F403
from faulty_lines import *  # noqa: F403
from faulty_state import *  # noqa: F403
from faulty_streams import *  # noqa: F403
from faulty_subtle import *  # noqa: F403
from faulty_wires import *  # noqa: F403
