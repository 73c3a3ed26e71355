"""The simulator against what can be reckoned by hand."""

import math
import unittest

import ceilings
import facts
import isolation
import pace
import receivers
import stages
from aws import Pollers, Queue
from delivering import Delivering, Design, Endpoint
from engine import Share, Simulation, percentile


def lane(simulation, seconds, batch=1, most=50, fair=True):
    """A queue in front of a function that takes so long for a batch."""
    queue = Queue(simulation, "queue", fair)
    seen = []

    def handle(messages, done):
        seen.append((simulation.now, messages))
        simulation.after(seconds if not callable(seconds) else seconds(messages), done)

    return queue, Pollers(simulation, queue, handle, batch, most), seen


class Engine(unittest.TestCase):
    def test_what_is_due_at_once_happens_in_the_order_of_planning(self):
        simulation, seen = Simulation(), []
        simulation.at(2, seen.append, "c")
        simulation.at(1, seen.append, "a")
        simulation.at(1, seen.append, "b")
        simulation.run(1.5)
        self.assertEqual(seen, ["a", "b"])
        simulation.run()
        self.assertEqual(seen, ["a", "b", "c"])

    def test_percentiles(self):
        values = list(range(1, 101))
        self.assertEqual([percentile(values, share) for share in (0.5, 0.95, 1.0)], [50, 95, 100])
        self.assertTrue(math.isnan(percentile([], 0.5)))

    def test_what_fades(self):
        share = Share(60)
        share.add(10, 0)
        self.assertAlmostEqual(share.at(60), 10 / math.e)


class Aws(unittest.TestCase):
    def test_busy_pollers_are_arrivals_times_duration(self):
        # Little's law: 20 a second, each for half a second, keep ten busy.
        simulation = Simulation()
        queue, pollers, _ = lane(simulation, 0.5)
        for number in range(20 * 600):
            simulation.at(simulation.random.uniform(0, 600), queue.send, f"group {number % 100}", number)
        simulation.run(700)
        self.assertEqual(pollers.invocations, 12_000)
        self.assertAlmostEqual(pollers.busy_seconds / 600, 10, delta=0.2)

    def test_a_full_lane_lets_through_its_concurrency_by_its_duration(self):
        # 50 batches of ten, a second each: 500 messages a second, after the nine seconds in which pollers come.
        simulation = Simulation()
        queue, _, seen = lane(simulation, 1.0, batch=10)
        for number in range(20_000):
            queue.send(f"group {number % 100}", number)
        simulation.run(30)
        through = sum(len(messages) for time, messages in seen if 15 <= time < 25)
        self.assertAlmostEqual(through / 10, 500, delta=10)

    def test_pollers_begin_with_five_and_grow_by_five_a_second(self):
        simulation = Simulation()
        queue, pollers, _ = lane(simulation, 60.0)
        for number in range(1_000):
            queue.send(f"group {number}", number)
        simulation.run(0.1)
        self.assertEqual(pollers.busy, 5)
        simulation.run(4.1)
        self.assertAlmostEqual(pollers.busy, 25, delta=1)
        simulation.run(20)
        self.assertEqual(pollers.busy, 50)

    def test_a_message_is_held_back_for_whole_seconds(self):
        simulation = Simulation()
        queue, _, seen = lane(simulation, 0.1)
        queue.send("group", "message", delay=2.2)
        simulation.run(10)
        self.assertAlmostEqual(seen[0][0], 3.0, delta=0.05)

    def test_a_fair_queue_lets_quiet_groups_go_first(self):
        for fair, wait in ((True, 1.0), (False, 20.0)):
            simulation = Simulation()
            queue, _, seen = lane(simulation, 1.0, most=40, fair=fair)
            for number in range(2_000):
                queue.send("loud", number)
            simulation.at(20, queue.send, "quiet", "quiet")
            simulation.run(60)
            begin = next(time for time, messages in seen if messages == ["quiet"]) - 20
            self.assertTrue(begin < 1.5 if fair else begin > wait, (fair, begin))


class Deliveries(unittest.TestCase):
    def deliver(self, answer, design=None, seconds=20_000.0, events=1, every=1.0):
        simulation = Simulation()
        delivering = Delivering(simulation, design or Design())
        endpoint = Endpoint("endpoint", answer)
        for number in range(events):
            simulation.at(number * every, delivering.dispatch, [endpoint])
        simulation.run(seconds)
        return delivering, endpoint

    def test_a_delivery_is_tried_as_the_schedule_says_and_fails(self):
        delivering, _ = self.deliver(receivers.constant(0.1, succeeds=False))
        begins = [attempt.began for attempt in delivering.finished]
        waits = [later - earlier for earlier, later in zip(begins, begins[1:], strict=False)]
        self.assertEqual(len(begins), 1 + len(facts.schedule()))
        for wait, planned in zip(waits, facts.schedule(), strict=True):
            self.assertTrue(planned <= wait <= planned * 1.1 + 2, (wait, planned))
        self.assertEqual(delivering.simulation.counts["failed for good"], 1)

    def test_no_answer_ends_with_the_time_out(self):
        delivering, _ = self.deliver(receivers.hanging, seconds=40)
        self.assertAlmostEqual(delivering.finished[0].ended - delivering.finished[0].began, facts.TIMEOUT)

    def test_an_endpoint_fails_after_three_and_is_served_by_retries(self):
        delivering, endpoint = self.deliver(receivers.constant(0.1, succeeds=False), seconds=20, events=10)
        self.assertTrue(endpoint.failing)
        self.assertEqual(delivering.simulation.counts["attempts in first"], facts.FAILING_AFTER)
        self.assertEqual(delivering.simulation.counts["attempts in retry"], 10 - facts.FAILING_AFTER)

    def test_an_attempt_marks_its_endpoint_while_it_is_under_way(self):
        design = Design(slow_after=2.0)
        delivering, endpoint = self.deliver(receivers.constant(6.0), design, seconds=2.5)
        self.assertGreater(endpoint.slow_until, 500)
        delivering, _ = self.deliver(receivers.constant(6.0), design, seconds=60, events=20, every=1.5)
        counts = delivering.simulation.counts
        self.assertEqual((counts["attempts in first"], counts["attempts in slow"]), (2, 18))
        self.assertEqual(counts["writes of marks"], 1)

    def test_room_is_never_exceeded_and_all_that_waits_gets_its_turn(self):
        design = Design(slow_after=1.0, cap=4)
        delivering, endpoint = self.deliver(receivers.constant(5.0), design, seconds=600, events=100, every=0.5)
        in_lane = [(attempt.began, attempt.ended) for attempt in delivering.finished if attempt.lane == "slow"]
        most = max(sum(begin <= time < end for begin, end in in_lane) for time, _ in in_lane)
        self.assertEqual((most, len(delivering.finished)), (4, 100))

    def test_the_last_attempt_has_the_whole_time(self):
        delivering, _ = self.deliver(receivers.hanging, Design(slow_after=2.0, short=10.0))
        took = [round(attempt.ended - attempt.began) for attempt in delivering.finished]
        # The mark of a time-out ends after five minutes, before the third attempt.
        self.assertEqual(took, [30, 10, 30, 30, 30])

    def test_a_lane_of_its_own_keeps_others_as_quick_as_they_were(self):
        load = isolation.Load("", seconds=180)
        clean = isolation.run(load, isolation.AS_IT_WAS, has_trouble=False)
        before = isolation.run(load, isolation.AS_IT_WAS)
        after = isolation.run(load, isolation.AS_IT_IS)
        self.assertGreater(before["p95"], 5 * clean["p95"])
        self.assertLess(after["p95"], isolation.MOST * clean["p95"])


class Ceilings(unittest.TestCase):
    def test_a_bucket_lets_through_its_burst_and_its_rate(self):
        bucket = stages.Bucket(10, 5)
        self.assertEqual(sum(bucket.take(0.0) for _ in range(100)), 5)
        self.assertEqual(sum(bucket.take(1 + number / 100) for number in range(100)), 5 + 9)

    def test_a_partition_takes_a_thousand_units_a_second(self):
        partition = stages.Partition()
        self.assertAlmostEqual([partition.write(2, 0.0) for _ in range(500)][-1], 1.0)

    def test_default_limits_of_a_key_are_kept(self):
        path = ceilings.run(ceilings.Case(1, 1, 0.05, facts.PER_MINUTE, facts.PER_HOUR, persistent=False), events=1_000)
        self.assertEqual(ceilings.summary(path)["answered_200"], facts.PER_MINUTE)

    def test_everything_that_was_accepted_is_delivered_once(self):
        path = ceilings.run(ceilings.Case(10, 10, 0.05), events=3_000)
        self.assertEqual((len(path.accepted), sum(count for _, count in path.arrived)), (3_000, 30_000))


class Pacing(unittest.TestCase):
    def test_the_most_in_a_span(self):
        self.assertEqual(pace.most_in([0.0, 0.5, 0.9, 1.2, 5.0], 1), 3)

    def test_a_pace_is_kept_and_used(self):
        came = pace.run(pace.AT_SEND, 10, 900, 60)
        self.assertEqual(came["sent"], 900)
        self.assertLessEqual(came["minute"], 1.02)
        self.assertGreater(came["used"], 0.97)
        self.assertLessEqual(came["hold"], pace.NEAR)

    def test_a_slot_that_was_reserved_gives_bursts(self):
        self.assertGreater(pace.run(pace.RESERVED, 10, 900, 60)["second"], 1.5)


if __name__ == "__main__":
    unittest.main()
